/** A span as a clock face: `4:05`, from an hour on without seconds (`1:02 h`), from ten on in hours (`12 h`), from two days on in days (`3 d`). Never negative. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} d`;
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours >= 10) return `${hours} h`;
  return hours > 0 ? `${hours}:${two(minutes)} h` : `${minutes}:${two(seconds % 60)}`;
}

/** A span in its two largest units, for things that do not tick: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** A moment as `YYYY-MM-DD HH:MM:SS` in the site's zone (or the browser's). */
export function formatMoment(atMs: number, zone?: string): string {
  return formatterOf('moment', zone).format(atMs);
}

/** A moment as `HH:MM` in the site's zone (or the browser's). */
export function formatTimeOfDay(atMs: number, zone?: string): string {
  return formatterOf('time', zone).format(atMs);
}

const STYLES = {
  moment: { dateStyle: 'short', timeStyle: 'medium' },
  time: { timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Made once: making one takes longer than a row does. */
function formatterOf(style: keyof typeof STYLES, zone: string | undefined): Intl.DateTimeFormat {
  const key = `${style} ${zone ?? ''}`;
  const known = formatters.get(key) ?? new Intl.DateTimeFormat('sv-SE', { ...STYLES[style], timeZone: zone });
  formatters.set(key, known);
  return known;
}
