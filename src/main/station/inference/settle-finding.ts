import { prepared, type WritableDb } from '../platform/store/database.ts';

/** What was said of images that others took the place of does not come back by taking a decision back. */
const SETTLE = `
  UPDATE findings SET state = CASE
    WHEN @state = 'unverified' AND EXISTS (SELECT 1 FROM runs r WHERE r.run_id = findings.run_id AND r.state = 'superseded')
    THEN 'superseded' ELSE @state END
   WHERE finding_id = @findingId
`;

/** Notes what became of a finding by a reader's word; `unverified` where that was taken back, unless its run was superseded since. */
export function settleFinding(
  db: WritableDb,
  findingId: string,
  state: 'unverified' | 'accepted' | 'modified' | 'rejected',
): void {
  prepared(db, SETTLE).run({ findingId, state });
}
