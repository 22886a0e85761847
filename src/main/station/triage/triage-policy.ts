import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** What triage needs to know of sites, and asks of whoever reads: both are put in where the station is put together. */
export type TriagePolicy = {
  /** What stands where nobody signed a policy. */
  readonly starting: TriagePolicySet;
  readonly zoneOf: (siteId: string) => string;
  /** What readers said of earlier studies. */
  readonly reading: {
    readonly isFinal: (db: ReadableDb, studyId: string) => boolean;
    readonly decisionOf: (db: ReadableDb, findingId: string) => 'accepted' | 'modified' | 'rejected' | null;
  };
};
