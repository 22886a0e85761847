import { DAY_MS } from '../../../shared/domain/durations.ts';

/** A raw DICOM date (DA, PS3.5 §6.2; also the retired dotted form) as `YYYY-MM-DD`; anything else is shown as it came. */
export function formatDicomDate(raw: string | null | undefined): string | null {
  if (!raw) return null;
  const parts = datePartsOf(raw);
  return parts === null ? raw : `${parts.year}-${parts.month}-${parts.day}`;
}

/** A raw DICOM time (TM) as `HH:MM`; anything else is shown as it came. */
export function formatDicomTime(raw: string | null | undefined): string | null {
  if (!raw) return null;
  const parts = /^(\d{2}):?(\d{2})/.exec(raw.trim());
  return parts === null ? raw : `${parts[1]}:${parts[2]}`;
}

/** An age in the unit clinicians use for it. */
export type Age = { readonly count: number; readonly unit: 'years' | 'months' | 'days' };

/** The age on a day, from raw DICOM dates: years from two years on, months from two months on, else days; null when unknown. */
export function ageOn(birthDateRaw: string | null, dayRaw: string): Age | null {
  const birth = datePartsOf(birthDateRaw ?? '');
  const day = datePartsOf(dayRaw);
  if (birth === null || day === null) return null;
  const days = Math.round((utcDayOf(day) - utcDayOf(birth)) / DAY_MS);
  if (days < 0) return null;
  const beforeDayOfMonth = day.day < birth.day ? 1 : 0;
  const months =
    (Number(day.year) - Number(birth.year)) * 12 + Number(day.month) - Number(birth.month) - beforeDayOfMonth;
  if (months >= 24) return { count: Math.floor(months / 12), unit: 'years' };
  if (months >= 2) return { count: months, unit: 'months' };
  return { count: days, unit: 'days' };
}

/** A moment's day as a raw DICOM date, in the browser's zone. */
export function dicomDayOf(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
}

type DateParts = { readonly year: string; readonly month: string; readonly day: string };

function datePartsOf(raw: string): DateParts | null {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(raw.trim());
  if (match === null) return null;
  const [, year = '', month = '', day = ''] = match;
  // The calendar rolls an impossible day (31 February) over; then it is no date, and shown as it came.
  const isReal = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return isReal && Number(month) >= 1 && Number(month) <= 12 ? { year, month, day } : null;
}

function utcDayOf(parts: DateParts): number {
  return Date.UTC(Number(parts.year), Number(parts.month) - 1, Number(parts.day));
}
