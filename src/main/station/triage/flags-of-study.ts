import { type FindingRecord, listFindings } from '../inference/index.ts';
import type { ReadableDb } from '../platform/store/database.ts';

/** What models that may flag flagged of a study and everybody is shown, rejected ones included; never what is silent. */
export function findFindingsOf(db: ReadableDb, studyId: string): readonly FindingRecord[] {
  return listFindings(db, studyId).filter(
    ({ standing, state, uses }) => standing === 'flagged' && state !== 'superseded' && uses.includes('flag'),
  );
}
