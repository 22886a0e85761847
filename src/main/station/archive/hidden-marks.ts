import type { HidingReason } from '../../../shared/domain/correction.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/** What a mark hides: a study or a series by its id, an object by its SOP Instance UID. */
export type HiddenLevel = 'study' | 'series' | 'instance';

/** A hidden object of a study, and why; one may be hidden by several marks. */
export type HiddenInstance = {
  readonly instanceId: string;
  readonly seriesId: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly number: number | null;
  readonly changeId: string;
  readonly level: HiddenLevel;
  readonly reason: HidingReason;
};

/**
 * Whether a mark m of a SOP Instance UID is meant for the study of an instance i: one that a rejection note made holds in the
 * study that the note names, which is the one whose UID the objects carry.
 */
export const IS_MEANT_FOR_STUDY = `(m.study_uid IS NULL OR m.study_uid = (
  SELECT coalesce(o.study_uid, s.study_uid) FROM studies s LEFT JOIN studies o ON o.study_id = s.split_from WHERE s.study_id = i.study_id))`;
/** Whether an instance i that is hidden is so for its quality alone: it may be looked at all the same. */
export const IS_REJECTED_FOR_QUALITY = `NOT EXISTS (SELECT 1 FROM hidden_marks m
   WHERE m.site_id = i.site_id AND m.subject IN (i.sop_uid, i.series_id, i.study_id) AND m.reason <> 'rejected-for-quality'
     AND ${IS_MEANT_FOR_STUDY})`;
const PUT_MARK = `
  INSERT OR IGNORE INTO hidden_marks (site_id, subject, change_id, level, reason, study_uid)
  VALUES (@siteId, @subject, @changeId, @level, @reason, @studyUid)
`;
const LIFT_MARKS = 'DELETE FROM hidden_marks WHERE change_id = ?';
const IS_MARKED = `EXISTS (SELECT 1 FROM hidden_marks m
   WHERE m.site_id = i.site_id AND m.subject IN (i.sop_uid, i.series_id, i.study_id) AND ${IS_MEANT_FOR_STUDY})`;
/** Walks instances_by_study, and for each object the primary key of the marks. */
export const APPLY_MARKS = `
  UPDATE instances AS i SET is_hidden = ${IS_MARKED} WHERE i.study_id = ? AND i.is_hidden <> ${IS_MARKED}
`;
const FIND_MARKS_OF_SUBJECT = (subject: string) => `
  SELECT m.change_id AS changeId FROM hidden_marks m
   WHERE m.site_id = @siteId AND m.subject = ${subject} AND ${IS_MEANT_FOR_STUDY.replace('i.study_id', '@studyId')}
`;
/** Asked of every object that comes. Walks the primary key of the marks; a list of subjects would be made a table first. */
export const FIND_MARKS_OF = ['@sopUid', '@seriesId', '@studyId'].map(FIND_MARKS_OF_SUBJECT).join(' UNION ALL ');
const LIST_STUDIES_MARKED_BY = `
  SELECT DISTINCT i.study_id AS studyId FROM hidden_marks m JOIN instances i ON i.site_id = m.site_id AND i.sop_uid = m.subject
   WHERE m.change_id = @changeId AND m.level = 'instance' AND ${IS_MEANT_FOR_STUDY}
  UNION SELECT x.study_id FROM hidden_marks m JOIN series x ON x.series_id = m.subject WHERE m.change_id = @changeId AND m.level = 'series'
  UNION SELECT s.study_id FROM hidden_marks m JOIN studies s ON s.study_id = m.subject WHERE m.change_id = @changeId AND m.level = 'study'
`;
const LIST_HIDDEN = `
  SELECT i.instance_id AS instanceId, i.series_id AS seriesId, i.sop_uid AS sopUid, v.sop_class_uid AS sopClassUid, v.number,
         m.change_id AS changeId, m.level, m.reason
    FROM instances i JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
    JOIN hidden_marks m ON m.site_id = i.site_id AND m.subject IN (i.sop_uid, i.series_id, i.study_id)
   WHERE i.study_id = ? AND i.is_hidden = 1 AND ${IS_MEANT_FOR_STUDY} ORDER BY i.series_id, v.number, i.instance_id
`;
/** Objects that a rejection note or a person released for deletion by the retention policy. */
export const LIST_EXPIRED = `
  SELECT DISTINCT i.study_id AS studyId, i.sop_uid AS sopUid FROM hidden_marks m JOIN instances i ON i.site_id = m.site_id
     AND (i.sop_uid = m.subject OR i.series_id = m.subject OR i.study_id = m.subject)
   WHERE m.site_id = ? AND m.reason = 'retention-expired' AND ${IS_MEANT_FOR_STUDY} ORDER BY i.study_id, i.sop_uid
`;

/** Marks subjects as hidden by a correction; what is on record is hidden by `applyMarks`, what comes later as it is filed. */
export function putMarks(
  db: WritableDb,
  mark: {
    readonly siteId: string;
    readonly changeId: string;
    readonly level: HiddenLevel;
    readonly reason: HidingReason;
    /** Where objects are hidden only as long as they are of this study. */
    readonly studyUid?: string;
  },
  subjects: readonly string[],
): void {
  for (const subject of subjects) prepared(db, PUT_MARK).run({ studyUid: null, ...mark, subject });
}

/** Takes a correction's marks away and gives the studies in which something may show again; `applyMarks` shows it. */
export function liftMarks(db: WritableDb, changeId: string): readonly string[] {
  const studyIds = listStudiesMarkedBy(db, changeId);
  prepared(db, LIFT_MARKS).run(changeId);
  return studyIds;
}

/** Hides and shows a study's objects as the marks say; gives how many changed. */
export function applyMarks(db: WritableDb, studyId: string): number {
  return prepared(db, APPLY_MARKS).run(studyId).changes;
}

/** The corrections that hide an object, its series or its study. */
export function listMarksOf(
  db: ReadableDb,
  where: { readonly siteId: string; readonly sopUid: string; readonly seriesId: string; readonly studyId: string },
): readonly string[] {
  const marks = prepared<{ changeId: string }>(db, FIND_MARKS_OF).all(where);
  return [...new Set(marks.map(({ changeId }) => changeId))];
}

export function listStudiesMarkedBy(db: ReadableDb, changeId: string): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_STUDIES_MARKED_BY)
    .all({ changeId })
    .map(({ studyId }) => studyId);
}

/** Every hidden object of a study with each of its marks. */
export function listHidden(db: ReadableDb, studyId: string): readonly HiddenInstance[] {
  return prepared<HiddenInstance>(db, LIST_HIDDEN).all(studyId);
}

/** What may be deleted because a rejection note or a person said that its retention has ended; the retention rules decide when. */
export function listExpired(
  db: ReadableDb,
  siteId: string,
): readonly { readonly studyId: string; readonly sopUid: string }[] {
  return prepared<{ studyId: string; sopUid: string }>(db, LIST_EXPIRED).all(siteId);
}
