import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { assignStudy, ownerOf, riseIdentityVersion } from './assign-study.ts';
import { findPatient } from './find-patients.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { type Correction, tellCorrection } from './tell-correction.ts';

const LINK_PATIENTS = `
  INSERT INTO patient_links (link_id, site_id, from_patient_id, to_patient_id, linked_at_ms) VALUES (?, ?, ?, ?, ?)
`;
const LIST_STUDIES =
  'SELECT study_id AS studyId FROM studies WHERE patient_id = ? AND deleted_at_ms IS NULL ORDER BY study_id';

/**
 * Says that two patients are one person: the studies of the first are the second's from now on, those that still arrive
 * under the first's number included. A link, not a deletion: undone, everybody has their own again.
 */
export function mergePatients(
  db: WritableDb,
  input: Correction & { readonly fromPatientId: string; readonly toPatientId: string },
): Result<{ readonly changeId: string }, { code: 'patient-not-found' | 'same-patient' | 'already-merged' }> {
  return inTransaction(db, () => {
    const { siteId, fromPatientId, toPatientId, reason, actor, atMs } = input;
    const [from, to] = [findPatient(db, fromPatientId), findPatient(db, toPatientId)];
    if (from?.siteId !== siteId || to?.siteId !== siteId) return err({ code: 'patient-not-found' });
    if (fromPatientId === toPatientId) return err({ code: 'same-patient' });
    if (from.mergedInto !== null || to.mergedInto !== null) return err({ code: 'already-merged' });
    const changeId = freshChangeId();
    const studyIds = prepared<{ studyId: string }>(db, LIST_STUDIES)
      .all(fromPatientId)
      .map(({ studyId }) => studyId);
    recordChange(db, {
      ...{ changeId, siteId, kind: 'patients-merged', reason, actor, atMs },
      detail: { fromPatientId, toPatientId, studyIds },
      inverse: { owners: studyIds.map((studyId) => ownerOf(db, studyId)) },
      subjects: { changes: [fromPatientId, ...studyIds], reliesOn: [toPatientId] },
    });
    prepared(db, LINK_PATIENTS).run(changeId, siteId, fromPatientId, toPatientId, atMs);
    for (const studyId of studyIds) {
      assignStudy(db, studyId, toPatientId, changeId);
      const payload = { changeId, reason, patientIds: [fromPatientId, toPatientId] };
      tellCorrection(db, 'patients-merged', payload, { studyId, actor, atMs });
    }
    for (const id of [fromPatientId, toPatientId]) riseIdentityVersion(db, id);
    return ok({ changeId });
  });
}
