import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { followMerges, listAssignedBy, ownerOf, restoreOwner, riseIdentityVersion } from './assign-study.ts';
import { applyMarks, liftMarks } from './hidden-marks.ts';
import { findChange, hasLaterChange, type IdentityChange, markUndone } from './identity-changes.ts';
import { dropUnusedPatient } from './patient-target.ts';
import { restoreReplaced } from './replace-version.ts';
import { changeContent, tellCorrection } from './tell-correction.ts';

/** What undoing touched: studies whose rows are others now, and whose content is. */
type Undone = { readonly studyIds: readonly string[]; readonly patientIds: readonly string[] };
/** Who undoes it, and when. */
type By = { readonly actor: Actor; readonly atMs: number };

const Owner = z.object({
  studyId: z.string(),
  patientId: z.string(),
  assignedBy: z.string().nullable(),
  isStatedOtherwise: z.union([z.literal(0), z.literal(1)]),
  isConfirmed: z.union([z.literal(0), z.literal(1)]),
});
const MoveInverse = z.object({ owner: Owner, madePatientId: z.string().nullable() });
const MergeInverse = z.object({ owners: z.array(Owner) });
const SplitInverse = z.object({
  newStudyId: z.string(),
  whole: z.array(z.string()),
  partial: z.array(z.object({ fromSeriesId: z.string(), toSeriesId: z.string() })),
  madePatientId: z.string().nullable(),
});
const StudyDetail = z.object({ studyId: z.string() });
const MergeDetail = z.object({ fromPatientId: z.string(), toPatientId: z.string() });

const UNLINK = 'UPDATE patient_links SET undone_at_ms = ? WHERE link_id = ?';
const DOUBT_AGAIN = 'UPDATE studies SET identity_confirmed = 0 WHERE study_id = ?';
const FIND_REVISION = 'SELECT study_revision AS revision FROM studies WHERE study_id = ?';
const MOVE_SERIES = 'UPDATE series SET study_id = ? WHERE series_id = ?';
const MOVE_OBJECTS = 'UPDATE instances SET study_id = ?, series_id = ? WHERE series_id = ?';

/** Corrections of what a study holds, which say nothing of whose it is. */
const ABOUT_CONTENT: ReadonlySet<IdentityChange['kind']> = new Set(['hidden', 'version-replaced']);

/** How each kind of correction is undone; null, and nothing done, where what it was before is here no more. */
const UNDO: {
  readonly [Kind in IdentityChange['kind']]: (db: WritableDb, change: IdentityChange, by: By) => Undone | null;
} = {
  'study-moved': undoMove,
  'study-split': undoSplit,
  'patients-merged': undoMerge,
  hidden: undoHiding,
  'version-replaced'(db, { inverse }, by) {
    const restored = restoreReplaced(db, inverse, by);
    if (restored === null) return null;
    return { studyIds: [restored.studyId], patientIds: [ownerOf(db, restored.studyId).patientId] };
  },
  'identity-confirmed'(db, change) {
    const { studyId } = StudyDetail.parse(change.detail);
    prepared(db, DOUBT_AGAIN).run(studyId);
    return { studyIds: [studyId], patientIds: [ownerOf(db, studyId).patientId] };
  },
};

/** Undoes a correction, whoever made it; one on which a later one builds waits until that is undone. */
export function undoIdentityChange(
  db: WritableDb,
  input: { readonly siteId: string; readonly changeId: string; readonly actor: Actor; readonly atMs: number },
): Result<
  { readonly studyIds: readonly string[] },
  { code: 'change-not-found' | 'already-undone' | 'later-change-depends' | 'former-version-gone' }
> {
  return inTransaction(db, () => {
    const { siteId, changeId, actor, atMs } = input;
    const change = findChange(db, changeId);
    if (change === null || change.siteId !== siteId) return err({ code: 'change-not-found' });
    if (change.undoneAtMs !== null) return err({ code: 'already-undone' });
    if (hasLaterChange(db, changeId)) return err({ code: 'later-change-depends' });
    const undone = UNDO[change.kind](db, change, input);
    if (undone === null) return err({ code: 'former-version-gone' });
    const { studyIds, patientIds } = undone;
    markUndone(db, changeId, actor, atMs);
    if (!ABOUT_CONTENT.has(change.kind)) for (const id of new Set(patientIds)) riseIdentityVersion(db, id);
    for (const studyId of studyIds) {
      const revision = prepared<{ revision: number }>(db, FIND_REVISION).get(studyId)?.revision ?? 0;
      const payload = { changeId, kind: change.kind, revision, patientIds: [...new Set(patientIds)] };
      tellCorrection(db, 'identity-undone', payload, { studyId, actor, atMs });
    }
    return ok({ studyIds });
  });
}

function undoMove(db: WritableDb, { inverse }: IdentityChange): Undone {
  const { owner, madePatientId } = MoveInverse.parse(inverse);
  const movedTo = ownerOf(db, owner.studyId).patientId;
  restoreOwner(db, owner);
  if (madePatientId !== null) dropUnusedPatient(db, madePatientId);
  return { studyIds: [owner.studyId], patientIds: [owner.patientId, movedTo] };
}

function undoMerge(db: WritableDb, { changeId, inverse, detail }: IdentityChange, { atMs }: By): Undone {
  const { owners } = MergeInverse.parse(inverse);
  const { fromPatientId, toPatientId } = MergeDetail.parse(detail);
  prepared(db, UNLINK).run(atMs, changeId);
  const known = new Set(owners.map(({ studyId }) => studyId));
  const arrivedSince = listAssignedBy(db, changeId).filter((studyId) => !known.has(studyId));
  for (const owner of owners) restoreOwner(db, owner);
  for (const studyId of arrivedSince) {
    restoreOwner(db, { ...ownerOf(db, studyId), assignedBy: null });
    followMerges(db, studyId);
  }
  return { studyIds: [...known, ...arrivedSince], patientIds: [fromPatientId, toPatientId] };
}

/** Everything that is in the split-off study now goes back, what arrived since included; its empty row stays, and shows nowhere. */
function undoSplit(db: WritableDb, { changeId, inverse, detail }: IdentityChange): Undone {
  const { newStudyId, whole, partial, madePatientId } = SplitInverse.parse(inverse);
  const { studyId } = StudyDetail.parse(detail);
  const patientIds = [ownerOf(db, studyId).patientId, ownerOf(db, newStudyId).patientId];
  for (const seriesId of whole) {
    prepared(db, MOVE_SERIES).run(studyId, seriesId);
    prepared(db, MOVE_OBJECTS).run(studyId, seriesId, seriesId);
  }
  for (const { fromSeriesId, toSeriesId } of partial) prepared(db, MOVE_OBJECTS).run(studyId, fromSeriesId, toSeriesId);
  applyMarks(db, studyId);
  changeContent(db, studyId, prepared<{ revision: number }>(db, FIND_REVISION).get(newStudyId)?.revision);
  changeContent(db, newStudyId);
  const splitOff = ownerOf(db, newStudyId);
  if (splitOff.assignedBy === changeId) restoreOwner(db, { ...splitOff, assignedBy: null });
  if (madePatientId !== null) dropUnusedPatient(db, madePatientId);
  return { studyIds: [studyId, newStudyId], patientIds };
}

function undoHiding(db: WritableDb, { changeId }: IdentityChange): Undone {
  const studyIds = liftMarks(db, changeId).filter((studyId) => applyMarks(db, studyId) > 0);
  for (const studyId of studyIds) changeContent(db, studyId);
  return { studyIds, patientIds: studyIds.map((studyId) => ownerOf(db, studyId).patientId) };
}
