import type { Reason } from '../../../../shared/domain/urgency.ts';
import { NO_ROUTING, type RouteStanding, type RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import { findStudyCard, getStudyCard } from '../../archive/index.ts';
import { appendEvent } from '../../platform/ledger/append.ts';
import { serviceActor } from '../../platform/ledger/event.ts';
import type { JobHandler } from '../../platform/jobs/jobs.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import { findCurrentSet } from '../triage-set-rows.ts';
import type { TriagePolicy } from '../triage-policy.ts';
import { kindOfStudy } from './kind-of-study.ts';
import { endExpired, listWhomSet, nextEndAtMs } from './overrides.ts';
import { forgetEndedPresence } from './presence.ts';
import { readersNow } from './readers-now.ts';
import { oweRouting } from './route-job.ts';
import {
  dropRoute,
  findRoute,
  listFirstWaiting,
  listSaidIds,
  listWaitingPins,
  putRoute,
  type RouteRow,
  type WaitingStudy,
} from './route-rows.ts';
import { type RoutableReader, type RoutableStudy, type Route, routeStudies } from './route-studies.ts';

/** Kinds looked up and sayings written in one turn: few, for looking at all that waits takes the main thread milliseconds besides. */
const KINDS_A_TURN = 2;
const CHANGES_A_TURN = 5;
/** Shifts begin and end, and readers come and go, by the minute. */
const LOOK_AGAIN_MS = 60_000;
/** Nobody is passed over sooner: a reader must be able to see it. */
const LEAST_OFFER_MS = 60_000;
/** So long a late one stays with whom a person set it to, or who took it, and does not open it. */
const LATE_OFFER_MS = 5 * 60_000;

/**
 * Says for whom the first of a site's waiting studies are, as its signed routing has it: what nobody opened in time is offered to
 * another, whoever left has nothing any more, and what people set and came to its time ends. A little a turn; only what changes
 * is written. Routing orders and marks: everybody sees every study, and opens what they like.
 */
export function routeWaiting(policy: TriagePolicy): JobHandler {
  return (db, { siteId }, nowMs) => {
    endExpired(db, siteId, nowMs);
    forgetEndedPresence(db, siteId, nowMs);
    const { set, version } = routingInForce(db, siteId);
    const overrides = listWhomSet(db, siteId);
    if (set.mode === 'off' && overrides.length === 0 && listSaidIds(db, siteId, 1).length === 0) return;
    const waiting = waitingNow(db, siteId, set, version);
    const outdated = waiting.filter(({ route }) => route === null || route.isStale || route.setVersion !== version);
    // What is most urgent stands first.
    const looked = new Map(
      outdated.slice(0, KINDS_A_TURN).map(({ studyId, route }) => {
        return [studyId, lookUp(db, policy, { set, version, studyId, route, siteId, nowMs })];
      }),
    );
    const known = waiting.map((study) => ({ ...study, route: looked.get(study.studyId) ?? study.route }));
    const readers = readersNow(db, { siteId, zone: policy.zoneOf(siteId), set, overrides, nowMs });
    const changes = changesOf(known, { set, readers, nowMs });
    const untilMs = changes.slice(0, CHANGES_A_TURN).map((change) => say(db, change, { set, version, nowMs }));
    const left = CHANGES_A_TURN - changes.length;
    const isMore = outdated.length > looked.size || left <= 0 || silence(db, siteId, known, left, nowMs);
    if (isMore) return oweRouting(db, siteId, nowMs);
    const moments = [
      ...(set.mode === 'off' ? [] : [nowMs + LOOK_AGAIN_MS]),
      nextEndAtMs(db, siteId) ?? 0,
      ...known.map(({ route }) => route?.openUntilMs ?? 0),
      ...untilMs.map((atMs) => atMs ?? 0),
    ].filter((atMs) => atMs > nowMs);
    if (moments.length > 0) oweRouting(db, siteId, Math.min(...moments));
  };
}

/** The first that wait, and what people set to somebody wherever it stands. */
function waitingNow(
  db: ReadableDb,
  siteId: string,
  { mode }: Pick<RoutingSet, 'mode'>,
  version: number,
): readonly WaitingStudy[] {
  const first = mode === 'off' ? [] : listFirstWaiting(db, siteId);
  const listed = new Set(first.map(({ studyId }) => studyId));
  return [...first, ...listWaitingPins(db, siteId, version).filter(({ studyId }) => !listed.has(studyId))];
}

/** The routing in force at a site and its version; nothing is routed, by version 0, where none was signed. */
export function routingInForce(db: ReadableDb, siteId: string): { readonly set: RoutingSet; readonly version: number } {
  const signed = findCurrentSet(db, siteId, 'routing');
  return { set: signed?.body ?? NO_ROUTING, version: signed?.version ?? 0 };
}

type Looking = {
  readonly set: RoutingSet;
  readonly version: number;
  readonly siteId: string;
  readonly studyId: string;
  readonly route: RouteRow | null;
  readonly nowMs: number;
};

function lookUp(
  db: WritableDb,
  policy: TriagePolicy,
  { set, version, siteId, studyId, route, nowMs }: Looking,
): RouteRow {
  const kind = kindOfStudy(db, policy, set, getStudyCard(db, studyId));
  const unsaid = { standing: null, readerId: null, reasons: [], sinceMs: nowMs, openUntilMs: null, passed: [] };
  const known: RouteRow = { ...unsaid, ...route, ...kind, studyId, siteId, setVersion: version, isStale: false };
  putRoute(db, known);
  return known;
}

type Asked = {
  readonly set: RoutingSet;
  readonly readers: readonly RoutableReader[];
  readonly nowMs: number;
};
type Change = {
  readonly study: WaitingStudy;
  readonly route: RouteRow;
  readonly to: Route;
  readonly passed: readonly string[];
  /** Others are to be told. */
  readonly isNews: boolean;
};

function changesOf(waiting: readonly WaitingStudy[], { set, readers, nowMs }: Asked): readonly Change[] {
  const asked = waiting.flatMap((study) => {
    const { route, pin } = study;
    if (route === null || (set.mode === 'off' && pin === null)) return [];
    return [{ study, route, ...routable(study, route, nowMs) }];
  });
  const routes = routeStudies(asked, readers, { mode: set.mode, batch: set.batch, nowMs });
  return routes.flatMap((to, at) => {
    const one = asked[at];
    if (one === undefined) return [];
    const { study, route, passed } = one;
    const isNews = !isSaid(route, to, standingOf(to, set));
    const isOwed = passed.length !== route.passed.length || isOpenTimeMissing(study, route, to);
    return isNews || isOwed ? [{ study, route, to, passed, isNews }] : [];
  });
}

/** A study that waits, as the engine looks at it; whoever had it and let it wait too long is passed over. */
export function routable(study: WaitingStudy, route: RouteRow, nowMs: number): RoutableStudy {
  const { studyId, level, openByAtMs, reportByAtMs, pin } = study;
  const { groupId, needs, points, followUpOf, readerId, openUntilMs } = route;
  const isLate = openUntilMs !== null && openUntilMs <= nowMs && readerId !== null;
  return {
    ...{ studyId, level, groupId, needs, points, openByAtMs, pin },
    kind: level === 'routine' ? followUpOf : null,
    dueAtMs: openByAtMs ?? reportByAtMs,
    previous: readerId,
    passed: isLate && !route.passed.includes(readerId) ? [...route.passed, readerId] : route.passed,
  };
}

/** It was raised, its deadline came, or it was taken anew while it was somebody's already. */
function isOpenTimeMissing({ openByAtMs }: WaitingStudy, { openUntilMs }: RouteRow, { to }: Route): boolean {
  return to !== null && openUntilMs === null && openByAtMs !== null;
}

function isSaid({ standing, readerId, reasons }: RouteRow, to: Route, next: RouteStanding): boolean {
  // What is kept keeps its reason, so that rows do not change whenever somebody has a point more to read.
  const isKept = to.to !== null && !to.isPinned;
  return standing === next && readerId === to.to && (isKept || reasons.at(-1)?.code === to.reason.code);
}

function standingOf({ to, isPinned }: Route, { mode }: RoutingSet): RouteStanding {
  if (isPinned) return 'pinned';
  if (to === null) return 'offered';
  return mode === 'assign' ? 'assigned' : 'suggested';
}

type Saying = { readonly set: RoutingSet; readonly version: number; readonly nowMs: number };

/** Writes for whom a study is and tells it; gives until when they have to open it. */
function say(
  db: WritableDb,
  { study, route, to, passed, isNews }: Change,
  { set, version, nowMs }: Saying,
): number | null {
  const standing = standingOf(to, set);
  const { openByAtMs } = study;
  const isNewReader = to.to !== route.readerId;
  const openUntilMs =
    to.to === null || openByAtMs === null
      ? null
      : isNewReader || route.openUntilMs === null || route.openUntilMs <= nowMs
        ? nowMs + offerMs(openByAtMs - nowMs, set)
        : route.openUntilMs;
  putRoute(db, {
    ...route,
    ...{ standing, readerId: to.to, reasons: reasonsOf(route, to, set), passed, openUntilMs },
    sinceMs: isNewReader ? nowMs : route.sinceMs,
  });
  if (isNews)
    tell(
      db,
      route.studyId,
      { standing, readerId: to.to, groupId: route.groupId, code: to.reason.code, version },
      nowMs,
    );
  return openUntilMs;
}

/** How long a reader has to open what is due in so many milliseconds. What is late already is only theirs by a person's word. */
function offerMs(leftMs: number, { openShare }: RoutingSet): number {
  return leftMs <= 0 ? LATE_OFFER_MS : Math.max(LEAST_OFFER_MS, Math.round(openShare * leftMs));
}

/** Why it is theirs: its kind, what it takes, and what decided. */
export function reasonsOf(
  { groupId, needs }: Pick<RouteRow, 'groupId' | 'needs'>,
  { reason }: Pick<Route, 'reason'>,
  { groups, skills }: RoutingSet,
): readonly Reason[] {
  const group = groups.find(({ id }) => id === groupId)?.name;
  const needed = skills.filter(({ id }) => needs.includes(id)).map(({ name }) => name);
  return [
    ...(group === undefined ? [] : [{ code: 'route-group', params: { group } }]),
    ...(needed.length === 0 ? [] : [{ code: 'route-skills', params: { skills: needed.join(', ') } }]),
    reason,
  ];
}

/** Takes back what was said of studies that are not among those asked any more; true where there is more of it. */
function silence(
  db: WritableDb,
  siteId: string,
  asked: readonly WaitingStudy[],
  limit: number,
  nowMs: number,
): boolean {
  const ids = new Set(asked.map(({ studyId }) => studyId));
  const over = listSaidIds(db, siteId, ids.size + limit + 1).filter((studyId) => !ids.has(studyId));
  for (const studyId of over.slice(0, limit)) {
    const route = findRoute(db, studyId);
    dropRoute(db, studyId);
    const { groupId, version } = { groupId: route?.groupId ?? null, version: route?.setVersion ?? 0 };
    tell(db, studyId, { standing: null, readerId: null, groupId, code: 'route-ended', version }, nowMs);
  }
  return over.length > limit;
}

type Told = {
  readonly standing: RouteStanding | null;
  readonly readerId: string | null;
  readonly groupId: string | null;
  readonly code: string;
  readonly version: number;
};

function tell(db: WritableDb, studyId: string, payload: Told, atMs: number): void {
  const study = findStudyCard(db, studyId);
  if (study === null) return;
  const { siteId, correlationId, patient } = study;
  appendEvent(db, {
    kind: 'study-routed',
    payload,
    ...{ siteId, studyId, patientId: patient.patientId, actor: serviceActor('triage'), correlationId, atMs },
  });
}
