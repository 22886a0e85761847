import type { RoutingMode } from '../../../../shared/domain/triage-routing.ts';
import { type Reason, urgencyRank, type UrgencyLevel } from '../../../../shared/domain/urgency.ts';
import type { Pin } from './route-rows.ts';

/** A study that waits, as routing looks at it. */
export type RoutableStudy = {
  readonly studyId: string;
  readonly level: UrgencyLevel;
  /** Whose kind of study it is; null: anyone's. */
  readonly groupId: string | null;
  readonly needs: readonly string[];
  /** Routine follow-ups alike in this may go to one reader; null of all others. */
  readonly kind: string | null;
  readonly points: number;
  readonly openByAtMs: number | null;
  /** When it is to be opened, or else reported. */
  readonly dueAtMs: number | null;
  /** Whom a person set it to, or who took it. */
  readonly pin: Pin | null;
  /** Whom it is for by now. */
  readonly previous: string | null;
  /** Who did not open it in time. */
  readonly passed: readonly string[];
};

/** One who may be offered work. */
export type RoutableReader = {
  readonly readerId: string;
  /** Not in the site's set, but a person gave them something. */
  readonly isGuest: boolean;
  readonly groups: readonly string[];
  readonly skills: readonly string[];
  /** On shift, signed in, and not out for any reason. */
  readonly isHere: boolean;
  /** Signed in and seen of late, whatever their shift says. */
  readonly isSeen: boolean;
  readonly minutesPerPoint: number;
  /** How long what they have open is expected to take yet. */
  readonly busyMinutes: number;
};

/** For whom a study is; null: its group's, or anyone's. `reason` says why, without how fast anybody reads. */
export type Route = {
  readonly studyId: string;
  readonly to: string | null;
  readonly reason: Reason;
  readonly isPinned: boolean;
};

/** What routing goes by, beside studies and readers. */
export type RoutingTerms = { readonly mode: RoutingMode; readonly batch: number; readonly nowMs: number };

/**
 * A study stays with whom it was for while that one has no more than this to read beyond the least burdened, in minutes: so what
 * is shown does not jump to and fro. It bounds the imbalance: readers of the same studies are apart by this and one study at most.
 */
export const SLACK_MINUTES: Readonly<Record<UrgencyLevel, number>> = { critical: 2, urgent: 5, routine: 30 };

type Load = { minutes: number; points: number };

/**
 * Says of each study for whom it is. Studies come in the order in which they are read, so what a reader has before them is how
 * long they take to be free: a Critical goes to who is free soonest. Deterministic; nothing is left out, and nothing hidden.
 */
export function routeStudies(
  studies: readonly RoutableStudy[],
  readers: readonly RoutableReader[],
  terms: RoutingTerms,
): readonly Route[] {
  const loads = new Map<string, Load>(
    readers.map(({ readerId, busyMinutes }) => [readerId, { minutes: busyMinutes, points: 0 }]),
  );
  const batches = new Map<string, { readonly readerId: string; count: number }>();
  const byId = new Map(readers.map((reader) => [reader.readerId, reader]));
  return studies.map((study) => {
    const { to, reason, isPinned } = choose(study, readers, { ...terms, loads, batches, byId });
    const reader = to === null ? undefined : byId.get(to);
    const load = to === null ? undefined : loads.get(to);
    if (reader !== undefined && load !== undefined) {
      load.minutes += study.points * reader.minutesPerPoint;
      load.points += study.points;
      if (study.kind !== null) noteKind(batches, study.kind, reader.readerId, terms.batch);
    }
    return { studyId: study.studyId, to, reason, isPinned };
  });
}

type Standing = RoutingTerms & {
  readonly loads: ReadonlyMap<string, Load>;
  readonly batches: ReadonlyMap<string, { readonly readerId: string; readonly count: number }>;
  readonly byId: ReadonlyMap<string, RoutableReader>;
};
type Chosen = Omit<Route, 'studyId'>;

function choose(study: RoutableStudy, readers: readonly RoutableReader[], standing: Standing): Chosen {
  const { pin, level, groupId, needs, passed, openByAtMs } = study;
  const { mode, nowMs, byId } = standing;
  const pinned = pin === null ? undefined : byId.get(pin.readerId);
  const isTaken = pin?.isTaken === true;
  // Nothing urgent stays with one who is not here, or has let it wait, because a person once said so. Who takes one off shift is.
  const pinStands =
    pinned !== undefined &&
    (level === 'routine' || ((isTaken ? pinned.isSeen : pinned.isHere) && !passed.includes(pinned.readerId)));
  if (pinStands) return { to: pinned.readerId, reason: said(isTaken ? 'route-taken' : 'route-pinned'), isPinned: true };
  if (mode === 'off') return open('route-pin-waits');
  if (openByAtMs !== null && openByAtMs <= nowMs) return open('route-past-open-by');
  const members = readers.filter(({ isGuest }) => !isGuest);
  const skilled = members.filter(({ skills }) => needs.every((need) => skills.includes(need)));
  const ofGroup = skilled.filter(({ groups }) => groupId === null || groups.includes(groupId));
  const hereOf = (some: readonly RoutableReader[]) =>
    some.filter(({ isHere, readerId }) => isHere && !passed.includes(readerId));
  const own = hereOf(ofGroup);
  // Rather another's hands that are free than its own group's that are not here.
  const isWider = own.length === 0 && urgencyRank(level) < 2;
  const candidates = isWider ? hereOf(skilled) : own;
  if (candidates.length > 0) return among(study, candidates, standing, isWider && groupId !== null);
  if (ofGroup.length === 0) return open('route-nobody-skilled');
  return open(ofGroup.some(({ isHere }) => isHere) ? 'route-nobody-opened' : 'route-nobody-here');
}

function among(
  study: RoutableStudy,
  candidates: readonly RoutableReader[],
  { mode, batch, nowMs, loads, batches }: Standing,
  isWider: boolean,
): Chosen {
  const loadOf = ({ readerId }: RoutableReader) => loads.get(readerId) ?? { minutes: 0, points: 0 };
  const first = candidates.reduce((least, reader) =>
    loadOf(reader).minutes < loadOf(least).minutes ||
    (loadOf(reader).minutes === loadOf(least).minutes && reader.readerId < least.readerId)
      ? reader
      : least,
  );
  const bound = loadOf(first).minutes + SLACK_MINUTES[study.level];
  const give = (reader: RoutableReader, code: string): Chosen => ({
    to: reader.readerId,
    reason: said(isWider ? 'route-group-not-here' : code, { pointsAhead: loadOf(reader).points }),
    isPinned: false,
  });
  const previous = candidates.find(({ readerId }) => readerId === study.previous);
  const isKept = mode === 'assign' && study.level !== 'critical';
  if (previous !== undefined && (isKept || loadOf(previous).minutes <= bound))
    return give(previous, 'route-least-to-read');
  const begun = study.kind === null ? undefined : batches.get(study.kind);
  const same =
    begun && begun.count < batch ? candidates.find(({ readerId }) => readerId === begun.readerId) : undefined;
  if (same !== undefined && loadOf(same).minutes <= bound && isInTime(study, same, loadOf(same), nowMs))
    return give(same, 'route-with-its-kind');
  return give(first, urgencyRank(study.level) < 2 ? 'route-free-soonest' : 'route-least-to-read');
}

function isInTime(
  { dueAtMs, points }: RoutableStudy,
  reader: RoutableReader,
  { minutes }: Load,
  nowMs: number,
): boolean {
  return dueAtMs === null || nowMs + (minutes + points * reader.minutesPerPoint) * 60_000 <= dueAtMs;
}

function noteKind(
  batches: Map<string, { readonly readerId: string; count: number }>,
  kind: string,
  readerId: string,
  batch: number,
): void {
  const begun = batches.get(kind);
  if (begun !== undefined && begun.readerId === readerId && begun.count < batch) begun.count += 1;
  else batches.set(kind, { readerId, count: 1 });
}

const open = (code: string): Chosen => ({ to: null, reason: said(code), isPinned: false });
const said = (code: string, params: Reason['params'] = {}): Reason => ({ code, params });
