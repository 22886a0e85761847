import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import { findDecision, isFinal } from '../reading/index.ts';

/** The triage policy that is shipped, at sites in UTC. */
export const SHIPPED_POLICY = {
  starting: TriagePolicySet.parse(
    JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../../resources/policies/triage.json'), 'utf8')),
  ),
  zoneOf: () => 'Etc/UTC',
  reading: { isFinal, decisionOf: findDecision },
};
