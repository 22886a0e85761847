import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { assignStudy, objectPatientOf, ownerOf, riseIdentityVersion } from './assign-study.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { type PatientTarget, settleTarget, type TargetFailure } from './patient-target.ts';
import { type Correction, findOwnStudy, tellCorrection } from './tell-correction.ts';

/**
 * Gives a whole study to another patient, on a person's word: it is shown and served as theirs from now on, and its bytes
 * stay as they came. What still arrives of it, under the old name or the new one, joins it.
 */
export function moveStudy(
  db: WritableDb,
  input: Correction & { readonly studyId: string; readonly to: PatientTarget },
): Result<{ readonly changeId: string }, TargetFailure | { code: 'study-not-found' | 'already-theirs' }> {
  return inTransaction(db, () => {
    const { siteId, studyId, reason, actor, atMs } = input;
    if (findOwnStudy(db, siteId, studyId) === null) return err({ code: 'study-not-found' });
    const target = settleTarget(db, siteId, input.to);
    if (!target.ok) return target;
    const owner = ownerOf(db, studyId);
    const { patientId, isNew } = target.value;
    if (patientId === owner.patientId) return err({ code: 'already-theirs' });
    const changeId = freshChangeId();
    recordChange(db, {
      ...{ changeId, siteId, kind: 'study-moved', reason, actor, atMs },
      detail: { studyId, fromPatientId: owner.patientId, toPatientId: patientId },
      inverse: { owner, madePatientId: isNew ? patientId : null },
      subjects: { changes: [studyId], reliesOn: [owner.patientId, patientId, objectPatientOf(db, studyId)] },
    });
    assignStudy(db, studyId, patientId, changeId);
    for (const id of [owner.patientId, patientId]) riseIdentityVersion(db, id);
    tellCorrection(db, 'study-moved', { changeId, reason, patientIds: [owner.patientId, patientId] }, input);
    return ok({ changeId });
  });
}
