import { DAY_MS } from '../../shared/domain/durations.ts';
import type { DiskState } from './platform/disk-watch.ts';
import type { HealthReason } from '../../shared/contract/station.ts';

/** What the station knows of its own state when it is asked how it is. */
export type HealthFacts = {
  readonly isDicomListening: boolean;
  readonly disk: DiskState;
  /** Until our DICOM TLS certificate expires; null without one. */
  readonly certificateLeftMs: number | null;
  readonly runner: 'ready' | 'starting' | 'down';
  readonly isWantedProvider: boolean;
  /** Models that are computed elsewhere than wanted, or only partly there. */
  readonly modelsElsewhere: number;
  /** Models that nothing but a server could compute which does not answer. */
  readonly modelsWaitingForServer: number;
  readonly brokenModels: number;
  /** Models that failed too often in a row, or are just being tried again. */
  readonly pausedModels: number;
  /** Models shown to readers that read too few of their studies. */
  readonly modelsBelowCoverage: number;
  /** Models shown to readers whose inputs or scores moved far from what they were while they were silent. */
  readonly modelsDrifted: number;
  readonly parkedEvents: number;
  readonly ledgerLag: number;
  /** For how long the list has not been made of all that is recorded; Infinity where it has not been since the start. */
  readonly listBehindMs: number;
  /** Stored objects of every site whose bytes cannot be had. */
  readonly damagedObjects: number;
  readonly quarantined: number;
  readonly readersSignedIn: number;
  /** Sites whose medical lead has signed no triage policy: they place studies by the one that is shipped. */
  readonly sitesWithoutSignedTriage: number;
  /** Configured peers that may call from any address without TLS: whoever knows such a title may send as that peer. */
  readonly peersKnownByTitle: number;
};

/** A follower this many events behind the head shows old rows. */
const LARGEST_LAG = 500;
/** Longer than a burst is worked off in: what stands behind for this long does not come forward by itself. */
const LONGEST_BEHIND_MS = 60_000;

type Rule = {
  readonly code: string;
  readonly severity: HealthReason['severity'];
  readonly holds: (facts: HealthFacts) => boolean;
};

/** Every reason why the station is not wholly well; to add one, add a fact and a rule, and its text to the page. */
const RULES: readonly Rule[] = [
  { code: 'dicom-closed', severity: 'failing', holds: (facts) => !facts.isDicomListening },
  { code: 'disk-full', severity: 'failing', holds: (facts) => facts.disk === 'full' },
  { code: 'disk-refusing', severity: 'failing', holds: (facts) => facts.disk === 'refusing' },
  { code: 'disk-unknown', severity: 'degraded', holds: (facts) => facts.disk === 'unknown' },
  { code: 'disk-low', severity: 'degraded', holds: (facts) => facts.disk === 'low' },
  { code: 'certificate-expired', severity: 'failing', holds: expires(Number.NEGATIVE_INFINITY, 0) },
  { code: 'certificate-expires-in-7-days', severity: 'degraded', holds: expires(0, 7) },
  { code: 'certificate-expires-in-30-days', severity: 'degraded', holds: expires(7, 30) },
  { code: 'certificate-expires-in-60-days', severity: 'degraded', holds: expires(30, 60) },
  { code: 'peers-known-by-title-alone', severity: 'degraded', holds: (facts) => facts.peersKnownByTitle > 0 },
  { code: 'inference-down', severity: 'degraded', holds: (facts) => facts.runner === 'down' },
  { code: 'provider-not-wanted', severity: 'degraded', holds: (facts) => !facts.isWantedProvider },
  {
    code: 'models-on-other-provider',
    severity: 'degraded',
    // Where none is on the wanted one, that is said already.
    holds: (facts) => facts.isWantedProvider && facts.modelsElsewhere > 0,
  },
  { code: 'inference-server-silent', severity: 'degraded', holds: (facts) => facts.modelsWaitingForServer > 0 },
  { code: 'model-paused', severity: 'degraded', holds: (facts) => facts.pausedModels > 0 },
  { code: 'model-broken', severity: 'degraded', holds: (facts) => facts.brokenModels > 0 },
  { code: 'coverage-low', severity: 'degraded', holds: (facts) => facts.modelsBelowCoverage > 0 },
  { code: 'model-drifted', severity: 'degraded', holds: (facts) => facts.modelsDrifted > 0 },
  { code: 'events-parked', severity: 'degraded', holds: (facts) => facts.parkedEvents > 0 },
  { code: 'list-not-whole', severity: 'failing', holds: isStuck },
  { code: 'ledger-behind', severity: 'degraded', holds: (facts) => !isStuck(facts) && facts.ledgerLag > LARGEST_LAG },
  { code: 'objects-damaged', severity: 'degraded', holds: (facts) => facts.damagedObjects > 0 },
  { code: 'quarantine-waiting', severity: 'degraded', holds: (facts) => facts.quarantined > 0 },
  { code: 'triage-unsigned', severity: 'degraded', holds: (facts) => facts.sitesWithoutSignedTriage > 0 },
  { code: 'no-reader-signed-in', severity: 'degraded', holds: (facts) => facts.readersSignedIn === 0 },
];

/** A list that is not made of all that is recorded, and does not come to be: on a full disk, say. */
function isStuck({ listBehindMs }: HealthFacts): boolean {
  return listBehindMs > LONGEST_BEHIND_MS;
}

/** Whether the certificate has more than `fromDays` and at most `toDays` left. */
function expires(fromDays: number, toDays: number): Rule['holds'] {
  return ({ certificateLeftMs: leftMs }) => leftMs !== null && leftMs > fromDays * DAY_MS && leftMs <= toDays * DAY_MS;
}

/** The reasons that hold; the station is ready unless one of them is failing. */
export function healthReasons(facts: HealthFacts): readonly HealthReason[] {
  return RULES.filter((rule) => rule.holds(facts)).map(({ code, severity }) => ({ code, severity, sinceMs: null }));
}
