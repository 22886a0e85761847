import { z } from 'zod';
import { Reason, type ServiceLevel, type UrgencyLevel, type UrgencyStanding } from '../../../shared/domain/urgency.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/** A study's place: class, who stands behind it, targets, and the reasons in order. */
export type StudyUrgency = {
  readonly studyId: string;
  readonly siteId: string;
  readonly level: UrgencyLevel;
  readonly standing: UrgencyStanding;
  readonly serviceLevel: ServiceLevel;
  readonly setAtMs: number;
  /** The moment its targets count from. */
  readonly countsFromMs: number;
  readonly openByAtMs: number | null;
  readonly reportByAtMs: number | null;
  readonly reasons: readonly Reason[];
  /** When it has waited as long as its class may; null of what is Critical. */
  readonly limitAtMs: number | null;
  /** It stands behind what is due by then: Criticals that people declared before it was raised. */
  readonly behindDueAtMs: number | null;
  /** When a person set its class; null where none did. */
  readonly declaredAtMs: number | null;
  /** The images a radiologist saw and lowered it for: nothing but a person raises it for those. */
  readonly loweredRevision: number | null;
  /** How often it was raised, or flagged anew above Routine; only grows. */
  readonly raises: number;
  /** Of those, the ones that whoever set its class last, with its images open, knew of. */
  readonly seenRaises: number;
};

const PUT_URGENCY = `
  INSERT INTO study_urgency (study_id, site_id, level, standing, service_level, set_at_ms, counts_from_ms, open_by_at_ms,
                             report_by_at_ms, reasons, limit_at_ms, behind_due_at_ms, declared_at_ms, lowered_revision, raises, seen_raises, is_waiting)
  VALUES (@studyId, @siteId, @level, @standing, @serviceLevel, @setAtMs, @countsFromMs, @openByAtMs, @reportByAtMs, @reasons,
          @limitAtMs, @behindDueAtMs, @declaredAtMs, @loweredRevision, @raises, @seenRaises,
          @raises > @seenRaises OR NOT EXISTS (SELECT 1 FROM first_openings WHERE study_id = @studyId))
  ON CONFLICT (study_id) DO UPDATE SET level = excluded.level, standing = excluded.standing, service_level = excluded.service_level,
    set_at_ms = excluded.set_at_ms, counts_from_ms = excluded.counts_from_ms, open_by_at_ms = excluded.open_by_at_ms, report_by_at_ms = excluded.report_by_at_ms,
    reasons = excluded.reasons, limit_at_ms = excluded.limit_at_ms, behind_due_at_ms = excluded.behind_due_at_ms,
    declared_at_ms = excluded.declared_at_ms, lowered_revision = excluded.lowered_revision,
    raises = excluded.raises, seen_raises = excluded.seen_raises,
    is_waiting = CASE WHEN excluded.raises > max(raises, excluded.seen_raises) THEN 1
                      WHEN excluded.seen_raises > seen_raises THEN 0 ELSE is_waiting END
`;
const FIND_URGENCY = `
  SELECT study_id AS studyId, site_id AS siteId, level, standing, service_level AS serviceLevel, set_at_ms AS setAtMs, counts_from_ms AS countsFromMs,
         open_by_at_ms AS openByAtMs, report_by_at_ms AS reportByAtMs, reasons, limit_at_ms AS limitAtMs, behind_due_at_ms AS behindDueAtMs,
         declared_at_ms AS declaredAtMs, lowered_revision AS loweredRevision, raises, seen_raises AS seenRaises
    FROM study_urgency WHERE study_id = ?
`;
const IS_WAITING = 'SELECT 1 FROM study_urgency WHERE study_id = ? AND is_waiting = 1';
const END_WAIT = 'UPDATE study_urgency SET is_waiting = 0 WHERE study_id = ?';
const NOTE_OPENING = `
  INSERT INTO first_openings (study_id, site_id, opened_at_ms) VALUES (?, ?, ?) ON CONFLICT (study_id) DO NOTHING
`;
const FIND_OPENING = 'SELECT opened_at_ms AS atMs FROM first_openings WHERE study_id = ?';
/** Walks study_urgency_waiting. */
export const LIST_WAITING_AFTER = `
  SELECT study_id AS studyId FROM study_urgency WHERE site_id = ? AND is_waiting = 1 AND study_id > ? ORDER BY study_id LIMIT ?
`;

/** Writes a study's place. */
export function putUrgency(db: WritableDb, urgency: StudyUrgency): void {
  prepared(db, PUT_URGENCY).run({ ...urgency, reasons: JSON.stringify(urgency.reasons) });
}

/** A study's place, or null while nothing has set one (comparison studies, and before images are complete). */
export function findUrgency(db: ReadableDb, studyId: string): StudyUrgency | null {
  const row = prepared<Omit<StudyUrgency, 'reasons'> & { reasons: string }>(db, FIND_URGENCY).get(studyId);
  return row === undefined ? null : { ...row, reasons: z.array(Reason).parse(JSON.parse(row.reasons)) };
}

/** Which raise whoever opens a study must have seen for it to be opened as urgent as it is; 0 where there is none to see. */
export function raiseToSee({ level, raises, seenRaises }: StudyUrgency): number {
  return level !== 'routine' && raises > seenRaises ? raises : 0;
}

/**
 * Ends a study's wait because a reader opened it as it is; the first opening stands. Null raises: it is of before they were counted,
 * and of what was set by its moment nothing was unseen.
 */
export function noteOpening(
  db: WritableDb,
  { siteId, studyId, raises }: { readonly siteId: string; readonly studyId: string; readonly raises: number | null },
  atMs: number,
): void {
  prepared(db, NOTE_OPENING).run(studyId, siteId, atMs);
  const urgency = findUrgency(db, studyId);
  // What was raised while it was being opened still waits for somebody who sees that.
  const hasSeen = urgency === null || (raises === null ? urgency.setAtMs <= atMs : raises >= raiseToSee(urgency));
  if (hasSeen) endWait(db, studyId);
}

/** Whether a study waits to be opened as urgent as it is. */
export function isWaiting(db: ReadableDb, studyId: string): boolean {
  return prepared(db, IS_WAITING).get(studyId) !== undefined;
}

/** Ends a study's wait: nobody is to read it any more. */
export function endWait(db: WritableDb, studyId: string): void {
  prepared(db, END_WAIT).run(studyId);
}

/** When a reader first opened a study; null while none did. */
export function findFirstOpening(db: ReadableDb, studyId: string): number | null {
  return prepared<{ atMs: number }>(db, FIND_OPENING).get(studyId)?.atMs ?? null;
}

/** Some of a site's studies that wait to be opened, in the order of their ids, behind one of them. */
export function listWaitingAfter(db: ReadableDb, siteId: string, afterId: string, limit: number): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_WAITING_AFTER)
    .all(siteId, afterId, limit)
    .map(({ studyId }) => studyId);
}
