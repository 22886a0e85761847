import type { RoutingPreview, RoutingShown, RoutingState } from '../../../../shared/contract/routing.ts';
import { HOUR_MS } from '../../../../shared/domain/durations.ts';
import { StudyId, UserId } from '../../../../shared/domain/ids.ts';
import type { PatientId } from '../../../../shared/domain/ids.ts';
import { ROLE_PERMISSIONS } from '../../../../shared/domain/permissions.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { PresenceState, RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import { actorOf, findDisplayName, listUsers, type Principal } from '../../access/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import {
  checkRule,
  endOverride,
  endPresence,
  giveBackStudy,
  LEAST_STUDIES,
  listOverrides,
  listPresence,
  listSaid,
  listSets,
  MOST_ROUTED,
  pinStudy,
  proposeSet,
  type ReaderNow,
  readersNow,
  routingInForce,
  sayPresence,
  takenUntilMs,
  takeOut,
  takeStudy,
  type TriagePolicy,
} from '../../triage/index.ts';
import type { Readers } from './readers.ts';

type Refused = { readonly code: string };
type Overridden = Result<{ overrideId: string }, Refused>;

/** Whose study it is to read at the caller's site. */
export type RoutingServices = {
  state(principal: Principal): RoutingState;
  propose(principal: Principal, input: { set: RoutingSet; reason: string }): Result<{ version: number }, Refused>;
  preview(principal: Principal, set: RoutingSet): Promise<Result<RoutingPreview, Refused>>;
  sayPresence(principal: Principal, said: { state: PresenceState; minutes: number } | null): RoutingState['said'];
  pin(
    principal: Principal,
    input: { studyId: StudyId; patientId: PatientId; userId: UserId; reason: string; hours: number },
  ): Overridden;
  take(
    principal: Principal,
    input: { studyId: StudyId; patientId: PatientId },
  ): Result<{ isAlready: boolean }, Refused>;
  giveBack(principal: Principal, studyId: StudyId): Result<null, Refused>;
  takeOut(principal: Principal, input: { userId: UserId; reason: string; hours: number }): Overridden;
  endOverride(principal: Principal, overrideId: string): Result<null, Refused>;
};

type Tools = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly readers: Readers;
  readonly triagePolicy: TriagePolicy;
};

/** Always of the caller's own site. How fast anybody reads is told to the medical lead and to that reader alone. */
export function routingServices({ db, clock, readers, triagePolicy: policy }: Tools): RoutingServices {
  const isReader = (siteId: string, userId: string) => readersOf(db, siteId).some((person) => person.userId === userId);
  const faultOf = (siteId: string, { groups, skills, readers: members }: RoutingSet): string | null => {
    if ([...groups, ...skills].some(({ when }) => checkRule(when) !== null)) return 'rule-not-valid';
    return members.every(({ userId }) => isReader(siteId, userId)) ? null : 'unknown-reader';
  };
  return {
    state: (principal) => describeRouting(db, policy, principal, clock.nowMs()),
    propose({ siteId, userId }, { set: body, reason }) {
      const code = faultOf(siteId, body);
      if (code !== null) return err({ code });
      const proposed = proposeSet(db, { kind: 'routing', siteId, userId, body, reason, atMs: clock.nowMs() });
      return proposed.ok ? ok({ version: proposed.value }) : proposed;
    },
    async preview({ siteId }, set) {
      const code = faultOf(siteId, set);
      if (code !== null) return err({ code });
      const question = { siteId, zone: policy.zoneOf(siteId), set, nowMs: clock.nowMs() };
      const tried = await readers.run('preview-routing', question);
      const nameOf = (id: string | null) => (id === null ? null : personOf(db, id).displayName);
      return ok({
        ...{ studies: tried.studies, changes: tried.changes, groups: [...tried.groups] },
        readers: tried.readers.map(({ readerId, isHere, points }) => ({ ...personOf(db, readerId), isHere, points })),
        changed: tried.changed.map(({ studyId, before, after, ...study }) => ({
          ...{ ...study, studyId: StudyId.parse(studyId), before: nameOf(before), after: nameOf(after) },
        })),
      });
    },
    sayPresence(principal, said) {
      const { siteId, userId } = principal;
      const by = { siteId, userId, actor: actorOf(principal), atMs: clock.nowMs() };
      if (said === null) {
        endPresence(db, by);
        return null;
      }
      const { state } = said;
      const untilMs = by.atMs + said.minutes * 60_000;
      sayPresence(db, { ...by, state, untilMs });
      return { state, untilMs };
    },
    pin({ siteId, userId: by }, { hours, ...pin }) {
      if (!isReader(siteId, pin.userId)) return err({ code: 'unknown-reader' });
      const atMs = clock.nowMs();
      const pinned = pinStudy(db, { ...pin, siteId, by, atMs, untilMs: atMs + hours * HOUR_MS });
      return pinned.ok ? ok({ overrideId: pinned.value }) : pinned;
    },
    take({ siteId, userId }, { studyId, patientId }) {
      const atMs = clock.nowMs();
      const { set } = routingInForce(db, siteId);
      const untilMs = takenUntilMs(set, { userId, zone: policy.zoneOf(siteId), nowMs: atMs });
      return takeStudy(db, { siteId, studyId, patientId, userId, atMs, untilMs });
    },
    giveBack: ({ siteId, userId }, studyId) => giveBackStudy(db, { siteId, studyId, userId, atMs: clock.nowMs() }),
    takeOut({ siteId, userId: by }, { hours, ...out }) {
      if (!isReader(siteId, out.userId)) return err({ code: 'unknown-reader' });
      const atMs = clock.nowMs();
      return ok({ overrideId: takeOut(db, { ...out, siteId, by, atMs, untilMs: atMs + hours * HOUR_MS }) });
    },
    endOverride: ({ siteId, userId: by }, overrideId) =>
      endOverride(db, { siteId, overrideId, by, atMs: clock.nowMs() }),
  };
}

function describeRouting(db: ReadableDb, policy: TriagePolicy, principal: Principal, nowMs: number): RoutingState {
  const { siteId, userId } = principal;
  const { set, version } = routingInForce(db, siteId);
  const overrides = listOverrides(db, siteId);
  const presence = new Map(listPresence(db, siteId, nowMs).map((said) => [said.userId, said]));
  const outUntil = new Map(overrides.flatMap((one) => (one.studyId === null ? [[one.userId, one.untilMs]] : [])));
  const said = listSaid(db, siteId, MOST_ROUTED + 1000);
  const own = presence.get(userId);
  const offered = Map.groupBy(
    said.filter(({ readerId }) => readerId === null),
    ({ groupId }) => groupId,
  );
  const maySee = (readerId: string) => readerId === userId || principal.permissions.includes('triage.lead');
  return {
    set: shownTo(set, maySee),
    version: version === 0 ? null : version,
    versions: listSets(db, siteId, 'routing').map(({ body, proposedBy, signedBy, ...card }) => ({
      ...{ kind: 'routing' as const, version: card.version, state: card.state, restores: card.restores },
      ...{ reason: card.reason, proposedAtMs: card.proposedAtMs, signedAtMs: card.signedAtMs },
      body: shownTo(body, maySee),
      proposedBy: showActor(db, proposedBy),
      signedBy: signedBy === null ? null : showActor(db, signedBy),
    })),
    people: readersOf(db, siteId),
    readers: readersNow(db, { siteId, zone: policy.zoneOf(siteId), set, overrides, nowMs }).map((reader) => {
      const { readerId, isGuest, state } = reader;
      const theirs = said.filter((route) => route.readerId === readerId);
      const points = theirs.reduce((sum, route) => sum + route.points, 0);
      return {
        ...{ ...personOf(db, readerId), isMember: !isGuest, state, studies: theirs.length, points },
        untilMs: outUntil.get(readerId) ?? presence.get(readerId)?.untilMs ?? null,
        ...(maySee(readerId) ? speedOf(reader, points) : { minutes: null, speed: null }),
      };
    }),
    offered: [...offered].map(([groupId, routes]) => ({ groupId, studies: routes.length })),
    overrides: overrides.map((one) => ({
      ...{ overrideId: one.overrideId, studyId: one.studyId === null ? null : StudyId.parse(one.studyId) },
      ...{ reader: personOf(db, one.userId), by: personOf(db, one.madeBy), reason: one.reason },
      ...{ madeAtMs: one.madeAtMs, untilMs: one.untilMs },
    })),
    said: own === undefined ? null : { state: own.state, untilMs: own.untilMs },
    ...{ most: MOST_ROUTED, leastMeasured: LEAST_STUDIES },
  };
}

function speedOf({ minutesPerPoint, measured, busyMinutes, isGuest }: ReaderNow, points: number) {
  if (isGuest) return { minutes: null, speed: null };
  return {
    minutes: Math.round(busyMinutes + points * minutesPerPoint),
    speed: { minutesPerPoint, studies: measured?.studies ?? null },
  };
}

function shownTo(set: RoutingSet, maySee: (userId: string) => boolean): RoutingShown {
  return {
    ...set,
    readers: set.readers.map((reader) => (maySee(reader.userId) ? reader : { ...reader, minutesPerPoint: null })),
  };
}

function readersOf(db: ReadableDb, siteId: string): RoutingState['people'] {
  return listUsers(db, siteId)
    .filter(
      ({ roles, state }) => state !== 'disabled' && roles.some((role) => ROLE_PERMISSIONS[role].includes('study.open')),
    )
    .map(({ userId, displayName }) => ({ userId, displayName }));
}

function personOf(db: ReadableDb, id: string) {
  return { userId: UserId.parse(id), displayName: findDisplayName(db, id) ?? id };
}

function showActor(db: ReadableDb, id: string) {
  return { kind: 'user' as const, id, display: findDisplayName(db, id) };
}
