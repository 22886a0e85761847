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
};

const PUT_URGENCY = `
  INSERT INTO study_urgency (study_id, site_id, level, standing, service_level, set_at_ms, counts_from_ms, open_by_at_ms,
                             report_by_at_ms, reasons)
  VALUES (@studyId, @siteId, @level, @standing, @serviceLevel, @setAtMs, @countsFromMs, @openByAtMs, @reportByAtMs, @reasons)
  ON CONFLICT (study_id) DO UPDATE SET level = excluded.level, standing = excluded.standing, service_level = excluded.service_level,
    set_at_ms = excluded.set_at_ms, counts_from_ms = excluded.counts_from_ms, open_by_at_ms = excluded.open_by_at_ms, report_by_at_ms = excluded.report_by_at_ms,
    reasons = excluded.reasons
`;
const FIND_URGENCY = `
  SELECT study_id AS studyId, site_id AS siteId, level, standing, service_level AS serviceLevel, set_at_ms AS setAtMs, counts_from_ms AS countsFromMs,
         open_by_at_ms AS openByAtMs, report_by_at_ms AS reportByAtMs, reasons
    FROM study_urgency WHERE study_id = ?
`;

export function putUrgency(db: WritableDb, urgency: StudyUrgency): void {
  prepared(db, PUT_URGENCY).run({ ...urgency, reasons: JSON.stringify(urgency.reasons) });
}

/** A study's place, or null while nothing has set one (comparison studies, and before images are complete). */
export function findUrgency(db: ReadableDb, studyId: string): StudyUrgency | null {
  const row = prepared<Omit<StudyUrgency, 'reasons'> & { reasons: string }>(db, FIND_URGENCY).get(studyId);
  return row === undefined ? null : { ...row, reasons: z.array(Reason).parse(JSON.parse(row.reasons)) };
}
