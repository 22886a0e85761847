import type { WeeklyHours } from '../../../../shared/domain/triage-routing.ts';
import type { LocalMoment } from '../local-moment.ts';

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
