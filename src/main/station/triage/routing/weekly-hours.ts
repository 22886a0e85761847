import type { WeeklyHours } from '../../../../shared/domain/triage-routing.ts';

/** A moment by a site's clock: ISO weekday (1 is Monday) and minutes since midnight. */
export type LocalMoment = { readonly weekday: number; readonly minute: number };

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const formats = new Map<string, Intl.DateTimeFormat>();

/** What a site's clock shows: shifts go by it, so daylight saving needs no rule of its own. */
export function localMoment(atMs: number, zone: string): LocalMoment {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, weekday: 'short', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' },
    });
  formats.set(zone, format);
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    weekday: WEEKDAYS.indexOf(parts['weekday'] ?? '') + 1,
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
}

/** Whether one of these hours covers a moment; those past midnight belong to the day on which they began. */
export function covers(hours: readonly WeeklyHours[], { weekday, minute }: LocalMoment): boolean {
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  return hours.some(({ weekdays, fromMinute, toMinute }) => {
    const begins = weekdays.includes(weekday);
    if (fromMinute < toMinute) return begins && minute >= fromMinute && minute < toMinute;
    return (begins && minute >= fromMinute) || (weekdays.includes(yesterday) && minute < toMinute);
  });
}

/** How many minutes from a moment on these hours still cover what comes, up to a bound; the bound where they do not cover the moment itself. */
export function minutesCovered(hours: readonly WeeklyHours[], { weekday, minute }: LocalMoment, most: number): number {
  if (!covers(hours, { weekday, minute })) return most;
  for (let later = 1; later < most; later += 1) {
    const days = Math.floor((minute + later) / 1440);
    if (!covers(hours, { weekday: ((weekday - 1 + days) % 7) + 1, minute: (minute + later) % 1440 })) return later;
  }
  return most;
}
