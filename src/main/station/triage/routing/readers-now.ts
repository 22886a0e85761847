import { isSignedIn } from '../../access/index.ts';
import type { ReaderState, RoutingReader, RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import { type LocalMoment, localMoment } from '../local-moment.ts';
import type { RoutingOverride } from './overrides.ts';
import { listPresence } from './presence.ts';
import { findLastOpening, measuredSpeed, type MeasuredSpeed } from './reading-speed.ts';
import type { RoutableReader } from './route-studies.ts';
import { covers, minutesCovered } from './weekly-hours.ts';

/** A reader as routing takes them now: what they may be offered, why they are here or not, and how fast they read. */
export type ReaderNow = RoutableReader & { readonly state: ReaderState; readonly measured: MeasuredSpeed | null };

/** Whoever reads calls for something at least this often; what pages ask by themselves does not count. */
const SEEN_WITHIN_MS = 15 * 60_000;

/** The readers of a set as they are now, and as guests those whom people set studies to. */
export function readersNow(
  db: ReadableDb,
  { siteId, zone, set, overrides, nowMs }: ReadersAsked,
): readonly ReaderNow[] {
  const local = localMoment(nowMs, zone);
  const said = new Map(listPresence(db, siteId, nowMs).map(({ userId, state }) => [userId, state]));
  const out = new Set(overrides.filter(({ studyId }) => studyId === null).map(({ userId }) => userId));
  const members = new Set(set.readers.map(({ userId }) => userId));
  const guests = [...new Set(overrides.filter(({ studyId }) => studyId !== null).map(({ userId }) => userId))]
    .filter((userId) => !members.has(userId))
    .map((userId): RoutingReader => ({ ...GUEST, userId }));
  return [...set.readers, ...guests].map((reader) => {
    const { userId, groups, skills } = reader;
    const isGuest = !members.has(userId);
    const isSeen = isSeenOfLate(db, { siteId, userId, nowMs });
    const state: ReaderState = out.has(userId)
      ? 'taken-out'
      : isSeen
        ? stateOf(reader, said.get(userId), local)
        : 'not-signed-in';
    const measured = isGuest ? null : measuredSpeed(db, siteId, userId);
    const minutesPerPoint = measured?.minutesPerPoint ?? reader.minutesPerPoint;
    return {
      ...{ readerId: userId, isGuest, groups, skills, minutesPerPoint, measured },
      ...{ state: isGuest && state === 'off-shift' ? 'here' : state },
      isHere: state === 'here' || (isGuest && state === 'off-shift'),
      isSeen,
      busyMinutes: busyMinutes(db, siteId, userId, minutesPerPoint, nowMs),
    };
  });
}

/** Whether a reader is signed in at a site on any machine, and was seen within a quarter of an hour. */
export function isSeenOfLate(
  db: ReadableDb,
  { siteId, userId, nowMs }: { readonly siteId: string; readonly userId: string; readonly nowMs: number },
): boolean {
  return isSignedIn(db, userId, siteId, nowMs - SEEN_WITHIN_MS, nowMs);
}

const MINUTE_MS = 60_000;
const LONGEST_TAKEN_MINUTES = 12 * 60;
const LEAST_TAKEN_MINUTES = 60;

/** Until when a study stays with a reader who takes it now: the end of their shift, at least an hour and at most twelve; twelve without one. */
export function takenUntilMs(
  { readers }: Pick<RoutingSet, 'readers'>,
  { userId, zone, nowMs }: { readonly userId: string; readonly zone: string; readonly nowMs: number },
): number {
  const shifts = readers.find((reader) => reader.userId === userId)?.shifts ?? [];
  const minutes = minutesCovered(shifts, localMoment(nowMs, zone), LONGEST_TAKEN_MINUTES);
  return nowMs + Math.max(LEAST_TAKEN_MINUTES, minutes) * MINUTE_MS;
}

type ReadersAsked = {
  readonly siteId: string;
  readonly zone: string;
  readonly set: RoutingSet;
  /** What people set: a study to a reader, or (no study) a reader out. */
  readonly overrides: readonly Pick<RoutingOverride, 'studyId' | 'userId'>[];
  readonly nowMs: number;
};

const GUEST: Omit<RoutingReader, 'userId'> = { groups: [], skills: [], shifts: [], breaks: [], minutesPerPoint: 1 };

/** What a reader says of themselves goes before what was planned. */
function stateOf({ shifts, breaks }: RoutingReader, said: string | undefined, local: LocalMoment): ReaderState {
  if (said === 'available') return 'here';
  if (said === 'break') return 'said-break';
  if (said === 'off') return 'said-off';
  if (!covers(shifts, local)) return 'off-shift';
  return covers(breaks, local) ? 'planned-break' : 'here';
}

function busyMinutes(db: ReadableDb, siteId: string, userId: string, minutesPerPoint: number, nowMs: number): number {
  const last = findLastOpening(db, siteId, userId);
  return last === null ? 0 : Math.max(0, last.points * minutesPerPoint - (nowMs - last.atMs) / 60_000);
}
