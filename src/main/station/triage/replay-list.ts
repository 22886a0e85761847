import { moreUrgent, type UrgencyLevel, urgencyRank } from '../../../shared/domain/urgency.ts';
import type { AskCause } from './asks.ts';

/** One study of a site's log: when it came, who or what asked for which class when, and when a reader first opened it. */
export type LoggedStudy = {
  readonly studyId: string;
  readonly countsFromMs: number;
  /** Null while nobody opened it. */
  readonly openedAtMs: number | null;
  readonly asks: readonly {
    readonly atMs: number;
    readonly cause: Exclude<AskCause, 'limit'>;
    readonly level: UrgencyLevel;
    /** What asked, as it may be left out. */
    readonly source: string | null;
  }[];
  /** When it is due in each class. */
  readonly dueAtMs: Readonly<Record<UrgencyLevel, number>>;
};

/** How long a study may wait in its class though others are raised, as the policy says. */
export type WaitBounds = { readonly routineShare: number; readonly urgentMinutes: number };

/**
 * Works a list anew: at every moment at which a reader opened a study, the study that stands first then is taken, and each study's
 * wait is what that comes to, in milliseconds. `isHeard` leaves asks out. Studies that nobody takes are not in the answer.
 * What a reader passed over is not known, so both sides of a comparison are to be worked by it.
 */
export function replayList(
  studies: readonly LoggedStudy[],
  bounds: WaitBounds,
  isHeard: (ask: LoggedStudy['asks'][number]) => boolean,
): ReadonlyMap<string, number> {
  const openings = studies.flatMap(({ openedAtMs }) => openedAtMs ?? []).toSorted((a, b) => a - b);
  const coming = studies
    .map((study) => ({ study, raised: heard(study, isHeard) }))
    .toSorted((a, b) => a.study.countsFromMs - b.study.countsFromMs);
  const waiting = new Set<Coming>();
  const waits = new Map<string, number>();
  let next = 0;
  for (const atMs of openings) {
    for (; next < coming.length; next += 1) {
      const one = coming[next];
      // What was opened before its images were complete counts from then on.
      if (one === undefined || one.study.countsFromMs > atMs) break;
      waiting.add(one);
    }
    const first = firstOf(waiting, bounds, atMs);
    if (first === null) continue;
    waiting.delete(first);
    waits.set(first.study.studyId, atMs - first.study.countsFromMs);
  }
  return waits;
}

type Asked = LoggedStudy['asks'][number];
type Coming = { readonly study: LoggedStudy; readonly raised: readonly Asked[] };

function heard(study: LoggedStudy, isHeard: (ask: Asked) => boolean): readonly Asked[] {
  return study.asks.filter(isHeard).toSorted((a, b) => a.atMs - b.atMs);
}

/** The class at a moment, since when, and whether a machine alone stands behind it. A person's word unseats what was asked before it. */
function placeAt(asks: readonly Asked[], atMs: number): { level: UrgencyLevel; sinceMs: number; isRaised: boolean } {
  let place = { level: 'routine' as UrgencyLevel, sinceMs: Number.NEGATIVE_INFINITY, isRaised: false };
  let isLowered = false;
  for (const ask of asks) {
    if (ask.atMs > atMs) break;
    if (ask.cause === 'person') {
      isLowered = urgencyRank(ask.level) > urgencyRank(place.level);
      place = { level: ask.level, sinceMs: ask.atMs, isRaised: false };
    } else if (!isLowered && urgencyRank(ask.level) < urgencyRank(place.level))
      place = { level: ask.level, sinceMs: ask.atMs, isRaised: ask.cause !== 'placed' };
  }
  return place;
}

function firstOf(waiting: ReadonlySet<Coming>, bounds: WaitBounds, atMs: number): Coming | null {
  const placed = [...waiting].map((one) => ({ one, ...placeAt(one.raised, atMs) }));
  const newest = (levels: readonly UrgencyLevel[]) =>
    placed.reduce(
      (latest, { one, level, isRaised }) =>
        isRaised && levels.includes(level) ? Math.max(latest, one.study.countsFromMs) : latest,
      Number.NEGATIVE_INFINITY,
    );
  const [newestCritical, newestRaised] = [newest(['critical']), newest(['critical', 'urgent'])];
  let first: { one: Coming; rank: number; dueAtMs: number } | null = null;
  for (const { one, level, sinceMs } of placed) {
    const { countsFromMs, dueAtMs, studyId } = one.study;
    const shareMs = bounds.routineShare * (dueAtMs.routine - countsFromMs);
    const isBound =
      level === 'routine'
        ? atMs >= countsFromMs + shareMs && newestRaised > countsFromMs
        : level === 'urgent' && atMs >= sinceMs + bounds.urgentMinutes * 60_000 && newestCritical > countsFromMs;
    const effective = isBound ? (level === 'routine' ? 'urgent' : 'critical') : level;
    const key = { one, rank: urgencyRank(effective), dueAtMs: dueAtMs[effective] };
    const isBefore =
      first === null ||
      key.rank < first.rank ||
      (key.rank === first.rank &&
        (key.dueAtMs < first.dueAtMs || (key.dueAtMs === first.dueAtMs && studyId < first.one.study.studyId)));
    if (isBefore) first = key;
  }
  return first?.one ?? null;
}

/** Waits in order at every twentieth of them, from the shortest to the longest, in milliseconds; empty of none. */
export function curveOf(waitsMs: readonly number[]): readonly number[] {
  const inOrder = waitsMs.toSorted((a, b) => a - b);
  if (inOrder.length === 0) return [];
  return Array.from({ length: 21 }, (_, step) => inOrder[Math.round((step / 20) * (inOrder.length - 1))] ?? 0);
}

/** The most dangerous class that was asked for by what is heard. */
export function highestAsked(study: LoggedStudy, isHeard: (ask: Asked) => boolean): UrgencyLevel {
  return study.asks
    .filter(isHeard)
    .map(({ level }) => level)
    .reduce<UrgencyLevel>(moreUrgent, 'routine');
}
