import { DAY_MS } from '../../../shared/domain/durations.ts';
import type { Intent, IntentReason } from '../../../shared/domain/study.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { Filing } from './filing.ts';
import { isBeingRetrieved } from './retrievals.ts';

/** What an arriving object is for, and why it is not new where it is not. */
export type ArrivingIntent =
  | { readonly intent: 'new'; readonly because: null }
  | { readonly intent: Exclude<Intent, 'new'>; readonly because: IntentReason };

const NEW: ArrivingIntent = { intent: 'new', because: null };
const IS_OUR_TITLE = 'SELECT 1 FROM peers WHERE site_id = ? AND called_ae_title = ? LIMIT 1';
/** Walks the primary key of the steps' studies. */
export const IS_BEING_PERFORMED = `
  SELECT 1 FROM performed_step_studies l JOIN performed_steps p ON p.step_id = l.step_id
   WHERE l.site_id = @siteId AND l.study_uid = @studyUid AND p.started_at_ms >= @sinceMs LIMIT 1
`;

/**
 * What an object is for, by who sends it, whether we asked for it, and the date its study states (DESIGN §4). A study
 * without a readable date is new, and so is one of which a modality reported a step not long ago, whatever date it states.
 */
export function arrivingIntent(db: ReadableDb, filing: Filing): ArrivingIntent {
  const { instance, association, moveOriginatorAe = null, atMs } = filing;
  const { siteId, peerId, intent, newWithinDays = null } = association.peer;
  if (isOurTitle(db, siteId, moveOriginatorAe) || isBeingRetrieved(db, siteId, peerId, instance.studyUid, atMs))
    return { intent: 'comparison', because: 'fetched' };
  if (intent === 'comparison') return { intent, because: 'as-sent' };
  if (newWithinDays === null || !isOlder(instance.studyDate, newWithinDays, atMs)) return NEW;
  const step = { siteId, studyUid: instance.studyUid, sinceMs: atMs - newWithinDays * DAY_MS };
  if (prepared(db, IS_BEING_PERFORMED).get(step) !== undefined) return NEW;
  return { intent: 'comparison', because: 'study-date' };
}

/** Who names us as the originator of a C-MOVE answers what we asked for (PS3.7 §9.3.1.1). */
function isOurTitle(db: ReadableDb, siteId: string, aeTitle: string | null): boolean {
  return aeTitle !== null && prepared(db, IS_OUR_TITLE).get(siteId, aeTitle) !== undefined;
}

/** By whole days, one in the study's favour: whose midnight the date counts from is not known. */
function isOlder(dateRaw: string | null, days: number, nowMs: number): boolean {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(dateRaw ?? '') ?? [];
  const atMs = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(atMs) && nowMs - atMs > (days + 1) * DAY_MS;
}
