import { freshRowId } from '../../platform/ids.ts';
import { TAKEN_REASON } from '../../../../shared/domain/triage-routing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { findStudyCard } from '../../archive/index.ts';
import { appendEvent } from '../../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../../platform/store/database.ts';
import { inTransaction } from '../../platform/store/transaction.ts';
import { isWaiting } from '../urgency-rows.ts';
import { oweRouting } from './route-job.ts';
import { findRoute, findWaiting, outdateRoute, putRoute, type WaitingStudy } from './route-rows.ts';

/** What a person set against routing for a time: a study to a reader, or (no study) a reader out. */
export type RoutingOverride = {
  readonly overrideId: string;
  readonly siteId: string;
  readonly studyId: string | null;
  readonly userId: string;
  readonly reason: string;
  readonly madeBy: string;
  readonly madeAtMs: number;
  readonly untilMs: number;
};

/** Why one was not set. */
export type OverrideRefusal = { readonly code: 'study-not-found' | 'patient-mismatch' | 'study-not-waiting' };

const COLUMNS = `
  override_id AS overrideId, site_id AS siteId, study_id AS studyId, user_id AS userId, reason, made_by AS madeBy, made_at_ms AS madeAtMs,
  until_ms AS untilMs
`;
const INSERT = `
  INSERT INTO routing_overrides (override_id, site_id, study_id, user_id, reason, made_by, made_at_ms, until_ms)
  VALUES (@overrideId, @siteId, @studyId, @userId, @reason, @madeBy, @madeAtMs, @untilMs)
`;
/** Walks routing_overrides_standing. */
export const LIST_OVERRIDES = `
  SELECT ${COLUMNS} FROM routing_overrides WHERE site_id = ? AND ended_at_ms IS NULL ORDER BY until_ms LIMIT 1000
`;
const FIND = `SELECT ${COLUMNS} FROM routing_overrides WHERE override_id = ? AND ended_at_ms IS NULL`;
const FIND_PIN = `SELECT ${COLUMNS} FROM routing_overrides WHERE study_id = ? AND ended_at_ms IS NULL`;
const FIND_OUT = `
  SELECT ${COLUMNS} FROM routing_overrides WHERE site_id = ? AND user_id = ? AND study_id IS NULL AND ended_at_ms IS NULL
`;
/** Walks routing_overrides_standing. */
export const LIST_ENDED = `
  SELECT ${COLUMNS} FROM routing_overrides WHERE site_id = ? AND ended_at_ms IS NULL AND until_ms <= ? ORDER BY until_ms LIMIT ?
`;
const LIST_WHOM_SET = `
  SELECT DISTINCT user_id AS userId, iif(study_id IS NULL, NULL, '') AS studyId
    FROM routing_overrides WHERE site_id = ? AND ended_at_ms IS NULL
`;
/** Walks routing_overrides_standing. */
export const NEXT_END = 'SELECT min(until_ms) AS atMs FROM routing_overrides WHERE site_id = ? AND ended_at_ms IS NULL';
const END_TAKES = `
  UPDATE routing_overrides SET until_ms = @atMs
   WHERE site_id = @siteId AND user_id = @userId AND made_by = @userId AND reason = '${TAKEN_REASON}' AND study_id IS NOT NULL AND ended_at_ms IS NULL AND until_ms > @atMs
`;
const END = 'UPDATE routing_overrides SET ended_at_ms = ? WHERE override_id = ?';

type Making = Omit<RoutingOverride, 'overrideId' | 'studyId' | 'madeBy' | 'madeAtMs'> & {
  readonly by: string;
  readonly atMs: number;
};

type Taking = {
  readonly siteId: string;
  readonly studyId: string;
  readonly userId: string;
  readonly atMs: number;
};

/** Why a reader did not get a study. */
export type TakingRefusal = OverrideRefusal | { readonly code: 'set-to-another' };

/** Sets a study that waits to one reader, in the place of whom it was set to before; ends by itself. */
export function pinStudy(
  db: WritableDb,
  { patientId, ...pin }: Making & { readonly studyId: string; readonly patientId: string },
): Result<string, OverrideRefusal> {
  return inTransaction(db, () => {
    const study = findStudyCard(db, pin.studyId);
    if (study === null || study.siteId !== pin.siteId) return err({ code: 'study-not-found' });
    if (study.patient.patientId !== patientId) return err({ code: 'patient-mismatch' });
    if (!isWaiting(db, pin.studyId)) return err({ code: 'study-not-waiting' });
    return ok(make(db, pin, findPin(db, pin.studyId)));
  });
}

/**
 * A reader takes a study that waits for themselves, until a moment; nobody is asked. `isAlready`: it is theirs by a person's word,
 * and stays as it was. What another is set to is left to them. Whoever let it wait before has it again by taking it, also where it
 * had been set to them.
 */
export function takeStudy(
  db: WritableDb,
  taking: Taking & { readonly patientId: string; readonly untilMs: number },
): Result<{ readonly isAlready: boolean }, TakingRefusal> {
  const { siteId, studyId, patientId, userId, atMs, untilMs } = taking;
  return inTransaction(db, () => {
    const before = findPin(db, studyId);
    if (before !== null && before.siteId === siteId) {
      if (before.userId !== userId) return err({ code: 'set-to-another' });
      if (!isLost(findWaiting(db, studyId), userId, atMs)) return ok({ isAlready: true });
    }
    const pin = { siteId, studyId, patientId, userId, reason: TAKEN_REASON, by: userId, atMs, untilMs };
    const pinned = pinStudy(db, pin);
    if (!pinned.ok) return pinned;
    const route = findRoute(db, studyId);
    // Their time to open it begins anew.
    const passed = route?.passed.filter((one) => one !== userId) ?? [];
    if (route !== null) putRoute(db, { ...route, passed, openUntilMs: null, isStale: true });
    return ok({ isAlready: false });
  });
}

/** Whether an urgent study that was set to a reader is theirs no more, for they let it wait or were not here. */
function isLost(waiting: WaitingStudy | null, userId: string, atMs: number): boolean {
  if (waiting === null || waiting.level === 'routine' || waiting.route === null) return false;
  const { passed, readerId, openUntilMs, isStale } = waiting.route;
  if (passed.includes(userId)) return true;
  // What was just set is said soon.
  return readerId === userId ? openUntilMs !== null && openUntilMs <= atMs : !isStale;
}

/** A reader gives back what they took; what another set to them is not theirs to give back here. */
export function giveBackStudy(
  db: WritableDb,
  { siteId, studyId, userId, atMs }: Taking,
): Result<null, { readonly code: 'override-not-found' | 'set-by-another' }> {
  return inTransaction(db, () => {
    const pin = findPin(db, studyId);
    if (pin === null || pin.siteId !== siteId || pin.userId !== userId) return err({ code: 'override-not-found' });
    if (pin.madeBy !== userId) return err({ code: 'set-by-another' });
    end(db, pin, 'taken-back', { kind: 'user', id: userId }, atMs);
    return ok(null);
  });
}

/** Takes a reader out of routing for a time, in the place of a time set before. */
export function takeOut(db: WritableDb, out: Making): string {
  return inTransaction(db, () =>
    make(db, { ...out, studyId: null }, prepared<RoutingOverride>(db, FIND_OUT).get(out.siteId, out.userId) ?? null),
  );
}

/** Ends what a person set before its time. */
export function endOverride(
  db: WritableDb,
  {
    siteId,
    overrideId,
    by,
    atMs,
  }: { readonly siteId: string; readonly overrideId: string; readonly by: string; readonly atMs: number },
): Result<null, { code: 'override-not-found' }> {
  return inTransaction(db, () => {
    const override = prepared<RoutingOverride>(db, FIND).get(overrideId);
    if (override === undefined || override.siteId !== siteId) return err({ code: 'override-not-found' });
    end(db, override, 'taken-back', { kind: 'user', id: by }, atMs);
    return ok(null);
  });
}

/** What people of a site set that has not ended, what ends first first; at most a thousand. */
export function listOverrides(db: ReadableDb, siteId: string): readonly RoutingOverride[] {
  return prepared<RoutingOverride>(db, LIST_OVERRIDES).all(siteId);
}

/** To whom a person set a study; null where nobody did, or it ended. */
export function findPin(db: ReadableDb, studyId: string): RoutingOverride | null {
  return prepared<RoutingOverride>(db, FIND_PIN).get(studyId) ?? null;
}

/** So many end in one turn: where a shift ends, everything that its readers took does. */
const ENDED_A_TURN = 8;

/** Ends some of what has come to its time; what is left ends at the next look, which is owed with each that ends. */
export function endExpired(db: WritableDb, siteId: string, nowMs: number): void {
  for (const override of prepared<RoutingOverride>(db, LIST_ENDED).all(siteId, nowMs, ENDED_A_TURN))
    end(db, override, 'expired', serviceActor('triage'), nowMs);
}

/** A reader went: what they took comes to its time now, and ends at the next looks. What others set to them stands. */
export function endTakes(
  db: WritableDb,
  gone: { readonly siteId: string; readonly userId: string; readonly atMs: number },
): void {
  if (prepared(db, END_TAKES).run(gone).changes > 0) oweRouting(db, gone.siteId, gone.atMs);
}

/** Whom people of a site set anything to, each once, and (no study) whom they took out. */
export function listWhomSet(db: ReadableDb, siteId: string): readonly Pick<RoutingOverride, 'studyId' | 'userId'>[] {
  return prepared<Pick<RoutingOverride, 'studyId' | 'userId'>>(db, LIST_WHOM_SET).all(siteId);
}

/** When the first of what people of a site set ends; null where nothing stands. */
export function nextEndAtMs(db: ReadableDb, siteId: string): number | null {
  return prepared<{ atMs: number | null }>(db, NEXT_END).get(siteId)?.atMs ?? null;
}

/** A study was opened by whom it was set to: that is done. */
export function endPinOpened(db: WritableDb, studyId: string, userId: string, atMs: number): void {
  const pin = findPin(db, studyId);
  if (pin !== null && pin.userId === userId) end(db, pin, 'opened', serviceActor('triage'), atMs);
}

function make(
  db: WritableDb,
  { by, atMs, ...given }: Making & { readonly studyId: string | null },
  before: RoutingOverride | null,
): string {
  const actor: Actor = { kind: 'user', id: by };
  if (before !== null) end(db, before, 'replaced', actor, atMs);
  const override: RoutingOverride = { overrideId: freshRowId(), ...given, madeBy: by, madeAtMs: atMs };
  prepared(db, INSERT).run(override);
  // Said already or not: it may be somebody else's word now.
  if (override.studyId !== null) outdateRoute(db, override.studyId, false);
  const { overrideId, userId, untilMs } = override;
  appendEvent(db, {
    kind: 'routing-overridden',
    payload: { overrideId, kind: kindOf(override), userId, untilMs },
    ...about(db, override),
    ...{ actor, atMs },
  });
  oweRouting(db, given.siteId, atMs);
  return overrideId;
}

function end(
  db: WritableDb,
  override: RoutingOverride,
  because: 'expired' | 'taken-back' | 'replaced' | 'opened',
  actor: Actor,
  atMs: number,
): void {
  prepared(db, END).run(atMs, override.overrideId);
  const { overrideId, userId, siteId } = override;
  appendEvent(db, {
    kind: 'routing-override-ended',
    payload: { overrideId, kind: kindOf(override), userId, because },
    ...about(db, override),
    ...{ actor, atMs },
  });
  oweRouting(db, siteId, atMs);
}

const kindOf = ({ studyId }: RoutingOverride) => (studyId === null ? ('out' as const) : ('pin' as const));

function about(db: ReadableDb, { siteId, studyId, overrideId }: RoutingOverride) {
  const study = studyId === null ? null : findStudyCard(db, studyId);
  if (study === null) return { siteId, correlationId: overrideId };
  return { siteId, studyId: study.studyId, patientId: study.patient.patientId, correlationId: study.correlationId };
}
