import type { WorkingHours } from '../../../shared/domain/triage-policy.ts';
import { localMoment } from './local-moment.ts';

const MINUTE_MS = 60_000;
const STEP_MS = 15 * MINUTE_MS;

/** The moment by which so many working hours have passed, in the site's own zone: daylight saving needs no rule of its own. */
export function addWorkingHours(fromMs: number, hours: number, working: WorkingHours, zone: string): number {
  const isWorking = workingQuestion(working, zone);
  let leftMs = hours * 60 * MINUTE_MS;
  let at = fromMs;
  while (leftMs > 0) {
    // Every zone's offset is a whole number of quarter hours, so no working time begins or ends inside a step.
    const stepEnd = Math.floor(at / STEP_MS) * STEP_MS + STEP_MS;
    const step = stepEnd - at;
    if (isWorking(at)) {
      if (leftMs <= step) return at + leftMs;
      leftMs -= step;
    }
    at = stepEnd;
  }
  return at;
}

/** What is known of quarter hours: studies that come one after another ask about the same days, and asking a zone takes long. */
const known = new Map<string, (atMs: number) => boolean>();
const MOST_QUESTIONS = 50;
const MOST_QUARTERS = 20_000;

function workingQuestion(working: WorkingHours, zone: string): (atMs: number) => boolean {
  const key = JSON.stringify([working, zone]);
  const question = known.get(key) ?? newQuestion(working, zone);
  if (known.size >= MOST_QUESTIONS) known.clear();
  known.set(key, question);
  return question;
}

function newQuestion(working: WorkingHours, zone: string): (atMs: number) => boolean {
  const quarters = new Map<number, boolean>();
  return (atMs) => {
    const quarter = Math.floor(atMs / STEP_MS);
    const said = quarters.get(quarter);
    if (said !== undefined) return said;
    const { weekday, minute } = localMoment(atMs, zone);
    const [fromMinute, toMinute] = [working.fromHour * 60, working.toHour * 60];
    const isWorking = working.weekdays.includes(weekday) && minute >= fromMinute && minute < toMinute;
    if (quarters.size >= MOST_QUARTERS) quarters.clear();
    quarters.set(quarter, isWorking);
    return isWorking;
  };
}
