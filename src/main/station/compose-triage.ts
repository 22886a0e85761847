import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TriagePolicySet } from '../../shared/domain/triage-policy.ts';
import type { Site } from './access/index.ts';
import type { JobHandler } from './platform/jobs/jobs.ts';
import type { Consumer } from './platform/ledger/follow.ts';
import { findDecision, isFinal } from './reading/index.ts';
import {
  boundWaiting,
  LIMIT_JOB,
  ROUTE_JOB,
  routeWaiting,
  routingConsumer,
  SETTLE_TRIAGE_JOB,
  settleSet,
  triageConsumer,
  type TriagePolicy,
} from './triage/index.ts';

/** Triage, put together. */
export type Triage = {
  readonly policy: TriagePolicy;
  readonly consumers: readonly Consumer[];
  readonly jobs: Readonly<Record<string, JobHandler>>;
};

/** Puts triage together with the starting set that is shipped; one that does not parse is a bug of the program and throws. */
export function openTriage(resources: string, sites: readonly [Site, ...Site[]]): Triage {
  const starting = TriagePolicySet.parse(
    JSON.parse(readFileSync(path.join(resources, 'policies', 'triage.json'), 'utf8')),
  );
  const policy: TriagePolicy = {
    starting,
    zoneOf: (siteId) => (sites.find((site) => site.siteId === siteId) ?? sites[0]).zone,
    reading: { isFinal, decisionOf: findDecision },
  };
  return {
    policy,
    consumers: [triageConsumer(policy), routingConsumer],
    jobs: {
      [LIMIT_JOB]: boundWaiting(policy),
      [SETTLE_TRIAGE_JOB]: settleSet(policy),
      [ROUTE_JOB]: routeWaiting(policy),
    },
  };
}
