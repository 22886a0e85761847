import type { WeeklyHours } from '../../../../shared/domain/triage-routing.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const SPAN = /^([a-z]{3}(?:\s*[-–,]\s*[a-z]{3})*)\s+(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$/i;

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Weekly hours as they are written: `Mon–Fri 08:00–16:00; Sat 22:00–06:00`, which ends on Sunday; midnight at the end is `24:00`. */
export function hoursText(hours: readonly WeeklyHours[]): string {
  return hours
    .map(
      ({ weekdays, fromMinute, toMinute }) => `${daysText(weekdays)} ${clock(fromMinute)}–${clock(toMinute || 1440)}`,
    )
    .join('; ');
}

function daysText(weekdays: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const day of weekdays.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs.map(([from, to]) => (from === to ? nameOf(from) : `${nameOf(from)}–${nameOf(to)}`)).join(', ');
}

const nameOf = (day: number): string => DAYS[day - 1] ?? '';

/** What was written as weekly hours; null where it is none. Nothing written is no hours. */
export function parseHours(text: string): WeeklyHours[] | null {
  const spans = text
    .split(/[;\n]/)
    .map((span) => span.trim())
    .filter((span) => span !== '');
  const hours = spans.map(parseSpan);
  return hours.some((one) => one === null) ? null : hours.filter((one) => one !== null);
}

function parseSpan(span: string): WeeklyHours | null {
  const [, days = '', ...times] = SPAN.exec(span) ?? [];
  const [fromHour = 99, from = 0, toHour = 99, to = 0] = times.map(Number);
  const weekdays = parseDays(days);
  const isEnd = toHour === 24 && to === 0;
  if (weekdays === null || fromHour > 23 || from > 59 || (toHour > 23 && !isEnd) || to > 59) return null;
  return { weekdays, fromMinute: fromHour * 60 + from, toMinute: isEnd ? 0 : toHour * 60 + to };
}

function parseDays(text: string): number[] | null {
  const days = new Set<number>();
  for (const run of text.split(',')) {
    const [first, last = first] = run.split(/[-–]/).map(dayOf);
    if (first === undefined || last === undefined || first === 0 || last === 0) return null;
    for (let day = first; ; day = (day % 7) + 1) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

const dayOf = (name: string): number => DAYS.findIndex((day) => day.toLowerCase() === name.trim().toLowerCase()) + 1;
