import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { ownerOf } from './assign-study.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { findStudyCard } from './study-card.ts';
import { type Correction, findOwnStudy, tellCorrection } from './tell-correction.ts';

const CONFIRM = 'UPDATE studies SET identity_confirmed = 1 WHERE study_id = ?';

/** Says that a study's patient is who it says, though its objects or its number raised doubt: the mark goes. */
export function confirmIdentity(
  db: WritableDb,
  input: Correction & { readonly studyId: string },
): Result<{ readonly changeId: string }, { code: 'study-not-found' | 'not-in-doubt' }> {
  return inTransaction(db, () => {
    const { siteId, studyId, reason, actor, atMs } = input;
    if (findOwnStudy(db, siteId, studyId) === null) return err({ code: 'study-not-found' });
    if (findStudyCard(db, studyId)?.isIdentityConfirmable !== true) return err({ code: 'not-in-doubt' });
    const owner = ownerOf(db, studyId);
    if (owner.isConfirmed === 1) return err({ code: 'not-in-doubt' });
    const changeId = freshChangeId();
    recordChange(db, {
      ...{ changeId, siteId, kind: 'identity-confirmed', reason, actor, atMs },
      detail: { studyId, patientId: owner.patientId },
      inverse: {},
      subjects: { changes: [studyId] },
    });
    prepared(db, CONFIRM).run(studyId);
    tellCorrection(db, 'identity-confirmed', { changeId, reason, patientIds: [owner.patientId] }, input);
    return ok({ changeId });
  });
}
