import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { getStudyCard } from '../archive/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ReplayOutcome, ReplayReason, VersionDifference } from '../../../shared/domain/replay.ts';
import type { Difference } from './compare-outputs.ts';
import { checkReceipt, findShownRun, type RunViewer, type RunWithReceipt } from './receipts.ts';
import { ofStudy } from './queue-runs.ts';

/** One replay of a run's receipt: asked for, computed, or ended with what came of it. */
export type Replay = {
  readonly replayId: string;
  readonly siteId: string;
  readonly runId: string;
  readonly providerAsked: string | null;
  readonly askedBy: Actor;
  readonly askedAtMs: number;
  readonly state: 'queued' | 'running' | ReplayOutcome;
  readonly reason: ReplayReason | null;
  readonly attempts: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly provider: string | null;
  readonly onnxruntimeVersion: string | null;
  readonly differences: readonly Difference[];
  readonly versions: readonly VersionDifference[];
  readonly timings: Readonly<Record<string, number>>;
};

/** What a replay came to. */
export type ReplayResult = {
  readonly outcome: ReplayOutcome;
  readonly reason?: ReplayReason;
  readonly provider?: string;
  readonly onnxruntimeVersion?: string;
  readonly differences?: readonly Difference[];
  readonly versions?: readonly VersionDifference[];
  readonly timings?: Readonly<Record<string, number>>;
};

/** So many may wait at a site: they compute when nothing else does, and a list without end would never be done. */
export const MOST_OPEN_REPLAYS = 100;

const COLUMNS = `
  replay_id AS replayId, site_id AS siteId, run_id AS runId, provider_asked AS providerAsked, asked_kind AS askedKind,
  asked_by AS askedBy, asked_at_ms AS askedAtMs, state, reason, attempts, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs,
  provider, onnxruntime_version AS onnxruntimeVersion, differences, versions, timings
`;
const INSERT = `
  INSERT INTO replays (replay_id, site_id, run_id, provider_asked, asked_kind, asked_by, asked_at_ms, state)
  VALUES (@replayId, @siteId, @runId, @provider, @askedKind, @askedBy, @atMs, 'queued')
`;
const FIND = `SELECT ${COLUMNS} FROM replays WHERE replay_id = ?`;
/** Walks replays_by_run. */
export const LIST_REPLAYS = `SELECT ${COLUMNS} FROM replays WHERE run_id = ? ORDER BY asked_at_ms DESC LIMIT 50`;
/** Walks replays_by_run. */
export const FIND_OPEN = `
  SELECT ${COLUMNS} FROM replays WHERE run_id = ? AND state IN ('queued', 'running') AND provider_asked IS ? LIMIT 1
`;
/** Walks replays_open. */
export const NEXT_REPLAY = `
  SELECT ${COLUMNS} FROM replays WHERE state IN ('queued', 'running') AND state = 'queued' ORDER BY asked_at_ms LIMIT 1
`;
/** Walks replays_open. */
export const COUNT_OPEN = `
  SELECT count(*) AS open FROM replays WHERE state IN ('queued', 'running') AND site_id = ?
`;
const BEGIN = `
  UPDATE replays SET state = 'running', started_at_ms = ?, attempts = attempts + 1 WHERE replay_id = ? AND state = 'queued'
`;
const PUT_BACK = `
  UPDATE replays SET state = 'queued', attempts = attempts - ? WHERE replay_id = ? AND state = 'running'
`;
const PUT_ALL_BACK = "UPDATE replays SET state = 'queued' WHERE state = 'running'";
const END = `
  UPDATE replays SET state = @outcome, reason = @reason, ended_at_ms = @atMs, provider = @provider,
         onnxruntime_version = @onnxruntimeVersion, differences = @differences, versions = @versions, timings = @timings
   WHERE replay_id = @replayId AND state IN ('queued', 'running')
`;

export type ReplayRefusal = {
  readonly code:
    | 'run-not-found'
    | 'run-has-no-receipt'
    | 'receipt-changed'
    | 'receipt-of-older-form'
    | 'provider-not-proven'
    | 'too-many-replays';
};

/**
 * Owes a replay of a visible run's receipt on a provider that is proven here (null: the one in use). One that waits for the
 * same is given instead of a second. `proven` is null while nobody knows yet: then that is found out when it is its turn.
 */
export function askReplay(
  db: WritableDb,
  input: {
    readonly siteId: string;
    readonly runId: string;
    readonly viewer: RunViewer;
    readonly provider: string | null;
    readonly proven: readonly string[] | null;
    readonly actor: Actor;
    readonly atMs: number;
  },
): Result<Replay, ReplayRefusal> {
  return inTransaction<Result<Replay, ReplayRefusal>>(db, () => {
    const run = findShownRun(db, input.runId, input.viewer);
    if (run === null || run.siteId !== input.siteId) return err({ code: 'run-not-found' });
    const refusal = refuseReceipt(db, run);
    if (refusal !== null) return err({ code: refusal });
    if (input.provider !== null && input.proven !== null && !input.proven.includes(input.provider))
      return err({ code: 'provider-not-proven' });
    const open = prepared<Row>(db, FIND_OPEN).get(run.runId, input.provider);
    if (open !== undefined) return ok(parseRow(open));
    if ((prepared<{ open: number }>(db, COUNT_OPEN).get(run.siteId)?.open ?? 0) >= MOST_OPEN_REPLAYS)
      return err({ code: 'too-many-replays' });
    const replayId = freshRowId();
    const { kind: askedKind, id: askedBy } = input.actor;
    const { siteId, runId, provider, atMs } = input;
    prepared(db, INSERT).run({ replayId, siteId, runId, provider, askedKind, askedBy, atMs });
    appendEvent(db, {
      kind: 'replay-asked',
      payload: { replayId, runId, provider },
      ...ofStudy(getStudyCard(db, run.studyId), atMs),
      actor: input.actor,
    });
    return ok(getReplay(db, replayId));
  });
}

/** Why a receipt cannot be computed again at all. */
function refuseReceipt(db: ReadableDb, run: RunWithReceipt): ReplayRefusal['code'] | null {
  const check = checkReceipt(db, run);
  if (check === null || run.receipt === null) return 'run-has-no-receipt';
  if (check.state === 'changed') return 'receipt-changed';
  const { form } = JSON.parse(run.receipt.text) as { readonly form?: number };
  return form === 2 ? null : 'receipt-of-older-form';
}

/** Marks a replay as begun; false when it no longer waits. */
export function beginReplay(db: WritableDb, replayId: string, atMs: number): boolean {
  return inTransaction(db, () => prepared(db, BEGIN).run(atMs, replayId).changes > 0);
}

/** Puts a replay back to wait: it made way, and that attempt does not count; or the runner fell, and it does. */
export function putReplayBack(db: WritableDb, replayId: string, why: 'made-way' | 'runner-crashed'): void {
  inTransaction(db, () => prepared(db, PUT_BACK).run(why === 'made-way' ? 1 : 0, replayId));
}

/** At a start: replays that a killed process left under way wait again. */
export function recoverReplays(db: WritableDb): void {
  inTransaction(db, () => prepared(db, PUT_ALL_BACK).run());
}

/** Ends a replay with what came of it: rows and event, never a finding. */
export function endReplay(db: WritableDb, replayId: string, result: ReplayResult, atMs: number): void {
  inTransaction(db, () => {
    const { runId } = getReplay(db, replayId);
    const { outcome, reason = null, provider = null, onnxruntimeVersion = null } = result;
    const { differences = [], versions = [], timings = {} } = result;
    const changed = prepared(db, END).run({
      ...{ replayId, outcome, reason, provider, onnxruntimeVersion, atMs },
      ...{
        differences: JSON.stringify(differences),
        versions: JSON.stringify(versions),
        timings: JSON.stringify(timings),
      },
    }).changes;
    if (changed === 0) return;
    const studyId = prepared<{ studyId: string }>(db, 'SELECT study_id AS studyId FROM runs WHERE run_id = ?').get(
      runId,
    );
    if (studyId === undefined) throw new Error(`run ${runId} is not on record`);
    appendEvent(db, {
      kind: 'replay-ended',
      payload: { replayId, runId, outcome, reason, provider, differences: differences.length },
      ...ofStudy(getStudyCard(db, studyId.studyId), atMs),
    });
  });
}

/** The replay that waited longest. */
export function nextReplay(db: ReadableDb): Replay | null {
  const row = prepared<Row>(db, NEXT_REPLAY).get();
  return row === undefined ? null : parseRow(row);
}

/** A replay by its id. */
export function findReplay(db: ReadableDb, replayId: string): Replay | null {
  const row = prepared<Row>(db, FIND).get(replayId);
  return row === undefined ? null : parseRow(row);
}

/** The replays of a run, newest first. */
export function listReplays(db: ReadableDb, runId: string): Replay[] {
  return prepared<Row>(db, LIST_REPLAYS).all(runId).map(parseRow);
}

function getReplay(db: ReadableDb, replayId: string): Replay {
  const replay = findReplay(db, replayId);
  if (replay === null) throw new Error(`replay ${replayId} is not on record`);
  return replay;
}

type Row = Omit<Replay, 'askedBy' | 'differences' | 'versions' | 'timings'> & {
  readonly askedKind: Actor['kind'];
  readonly askedBy: string;
  readonly differences: string;
  readonly versions: string;
  readonly timings: string;
};

function parseRow({ askedKind, askedBy, differences, versions, timings, ...row }: Row): Replay {
  return {
    ...row,
    askedBy: { kind: askedKind, id: askedBy },
    differences: JSON.parse(differences) as Replay['differences'],
    versions: JSON.parse(versions) as Replay['versions'],
    timings: JSON.parse(timings) as Replay['timings'],
  };
}
