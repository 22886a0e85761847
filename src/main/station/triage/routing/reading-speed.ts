import { DAY_MS } from '../../../../shared/domain/durations.ts';
import { prepared, type ReadableDb, type WritableDb } from '../../platform/store/database.ts';

/** How fast a reader was found to read, and from how many studies. */
export type MeasuredSpeed = { readonly minutesPerPoint: number; readonly studies: number };

/** Fewer say nothing: the starting value holds. */
export const LEAST_STUDIES = 40;
const MOST_STUDIES = 200;
/** Longer between two studies, and something else came between them; shorter, and the first was only looked at. */
const LONGEST_MINUTES = 60;
const SHORTEST_MINUTES = 0.25;
const KEPT_MS = 90 * DAY_MS;

const NOTE = `
  INSERT INTO reader_openings (site_id, user_id, opened_at_ms, study_id, points) VALUES (@siteId, @userId, @atMs, @studyId, @points)
  ON CONFLICT DO NOTHING
`;
const FORGET = 'DELETE FROM reader_openings WHERE site_id = ? AND user_id = ? AND opened_at_ms < ?';
/** Walks the primary key from its end. */
export const LAST_OPENINGS = `
  SELECT opened_at_ms AS atMs, points FROM reader_openings WHERE site_id = ? AND user_id = ? ORDER BY opened_at_ms DESC LIMIT ?
`;

type Opening = {
  readonly siteId: string;
  readonly userId: string;
  readonly studyId: string;
  readonly points: number;
  readonly atMs: number;
};

/** Notes that a reader opened a study; what is older than ninety days is forgotten. */
export function noteReaderOpening(db: WritableDb, opening: Opening): void {
  prepared(db, NOTE).run(opening);
  prepared(db, FORGET).run(opening.siteId, opening.userId, opening.atMs - KEPT_MS);
}

/** What a reader opened last, and when; null of one who opened nothing here of late. */
export function findLastOpening(
  db: ReadableDb,
  siteId: string,
  userId: string,
): { atMs: number; points: number } | null {
  return prepared<{ atMs: number; points: number }>(db, LAST_OPENINGS).get(siteId, userId, 1) ?? null;
}

/** It changes with the next opening, and all readers are looked at again and again. */
type Known = { readonly lastAtMs: number; readonly speed: MeasuredSpeed | null };
const known = new WeakMap<ReadableDb, Map<string, Known>>();

/**
 * The median of minutes from one opening to the next for each point of the study between, over a reader's last 200; null of
 * fewer than LEAST_STUDIES. It is of the time until the next study is opened: pauses up to an hour are in it.
 */
export function measuredSpeed(db: ReadableDb, siteId: string, userId: string): MeasuredSpeed | null {
  const lastAtMs = findLastOpening(db, siteId, userId)?.atMs ?? null;
  if (lastAtMs === null) return null;
  const key = `${siteId} ${userId}`;
  const speeds = known.get(db) ?? new Map<string, Known>();
  known.set(db, speeds);
  const kept = speeds.get(key);
  if (kept?.lastAtMs === lastAtMs) return kept.speed;
  const speed = measure(db, siteId, userId);
  speeds.set(key, { lastAtMs, speed });
  return speed;
}

function measure(db: ReadableDb, siteId: string, userId: string): MeasuredSpeed | null {
  const openings = prepared<{ atMs: number; points: number }>(db, LAST_OPENINGS).all(siteId, userId, MOST_STUDIES + 1);
  const paces = openings
    .flatMap(({ atMs, points }, at) => {
      const next = openings[at - 1];
      const minutes = next === undefined ? 0 : (next.atMs - atMs) / 60_000;
      return minutes >= SHORTEST_MINUTES && minutes <= LONGEST_MINUTES ? [minutes / points] : [];
    })
    .toSorted((a, b) => a - b);
  if (paces.length < LEAST_STUDIES) return null;
  const middle = (paces[Math.floor((paces.length - 1) / 2)] ?? 0) + (paces[Math.floor(paces.length / 2)] ?? 0);
  return { minutesPerPoint: Math.round((middle / 2) * 100) / 100, studies: paces.length };
}
