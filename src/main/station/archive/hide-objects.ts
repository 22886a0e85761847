import type { HidingReason } from '../../../shared/domain/correction.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { applyMarks, type HiddenLevel, listStudiesMarkedBy, putMarks } from './hidden-marks.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { changeContent, findOwnStudy, tellCorrection } from './tell-correction.ts';

/** What is hidden: the whole study, some of its series by id, or some of its objects by SOP Instance UID. */
export type HideInput = {
  readonly siteId: string;
  readonly studyId: string;
  readonly level: HiddenLevel;
  /** Series ids or SOP Instance UIDs; nothing for a whole study. */
  readonly subjects: readonly string[];
  readonly reason: HidingReason;
  readonly actor: Actor;
  readonly atMs: number;
};

const COUNT_OF_STUDY = {
  series: 'SELECT count(*) AS known FROM series WHERE study_id = ? AND series_id IN (SELECT value FROM json_each(?))',
  instance:
    'SELECT count(*) AS known FROM instances WHERE study_id = ? AND sop_uid IN (SELECT value FROM json_each(?))',
} as const;

/**
 * Hides objects: not shown, not served, not computed on, until the correction is undone; kept all the same. What arrives
 * later of a hidden study or series, or again of a hidden object, is hidden too.
 */
export function hideObjects(
  db: WritableDb,
  input: HideInput,
): Result<{ readonly changeId: string }, { code: 'study-not-found' | 'not-of-this-study' | 'already-hidden' }> {
  return inTransaction(db, () => {
    const { siteId, studyId, level, reason, actor, atMs } = input;
    if (findOwnStudy(db, siteId, studyId) === null) return err({ code: 'study-not-found' });
    const subjects = level === 'study' ? [studyId] : [...new Set(input.subjects)];
    if (level !== 'study') {
      const known = prepared<{ known: number }>(db, COUNT_OF_STUDY[level]).get(
        studyId,
        JSON.stringify(subjects),
      )?.known;
      if (subjects.length === 0 || known !== subjects.length) return err({ code: 'not-of-this-study' });
    }
    const changeId = freshChangeId();
    recordChange(db, {
      ...{ changeId, siteId, kind: 'hidden', reason, actor, atMs },
      detail: { studyId, level, subjects },
      inverse: {},
      subjects: { concerns: [studyId], ...(level !== 'instance' && { reliesOn: subjects.map(placeOf) }) },
    });
    putMarks(db, { siteId, changeId, level, reason }, subjects);
    if (!showMarks(db, { changeId, level, reason, actor, atMs })) return err({ code: 'already-hidden' });
    return ok({ changeId });
  });
}

/** A place among others that a split may make: what is hidden there hangs from it. */
export function placeOf(id: string): string {
  return `place ${id}`;
}

/** Hides what a correction's marks name and tells of it, study by study; false where nothing was left to hide. */
export function showMarks(
  db: WritableDb,
  mark: {
    readonly changeId: string;
    readonly level: HiddenLevel;
    readonly reason: HidingReason;
    readonly actor: Actor;
    readonly atMs: number;
  },
): boolean {
  const { changeId, level, reason, actor, atMs } = mark;
  let hasChanged = false;
  for (const studyId of listStudiesMarkedBy(db, changeId)) {
    const instances = applyMarks(db, studyId);
    if (instances === 0) continue;
    hasChanged = true;
    const revision = changeContent(db, studyId);
    const payload = { changeId, reason, level, instances, revision, patientIds: patientsOf(db, studyId) };
    tellCorrection(db, 'instances-hidden', payload, { studyId, actor, atMs });
  }
  return hasChanged;
}

const FIND_PATIENT_OF = 'SELECT patient_id AS patientId FROM studies WHERE study_id = ?';

/** The patient whose other studies count this one among theirs. */
export function patientsOf(db: WritableDb, studyId: string): string[] {
  return prepared<{ patientId: string }>(db, FIND_PATIENT_OF)
    .all(studyId)
    .map(({ patientId }) => patientId);
}
