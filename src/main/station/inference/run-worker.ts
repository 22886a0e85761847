import { createHash } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectStore } from '../platform/objects/object-store.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { isFed, waitForFeeds } from './feeding-runs.ts';
import { findModelProvider } from './golden-results.ts';
import { queuePausedAnew } from './model-breaker.ts';
import { findUsage, type ModelUsage, noteUsage } from './model-usage.ts';
import { askVerification, findModel } from './models.ts';
import { isAnswerTo } from './is-answer-to.ts';
import { givesWay } from './preemption.ts';
import {
  DEFAULT_RECEIPTS,
  failRun,
  failRunsWithoutModel,
  finishRun,
  preemptRun,
  putBackRuns,
  type ReceiptSetting,
  startRun,
} from './record-run.ts';
import { isOutdated, supersedeOutdated } from './supersede-runs.ts';
import { firstInTurn, nextQueuedRun } from './run-order.ts';
import { recoverReplays } from './replays.ts';
import { createReplayWork } from './replay-work.ts';
import { givenBeside, hintOf, requestFor, unfedBy } from './run-request.ts';
import type { Run } from './run-rows.ts';
import { OVER_MEMORY_NOTE, type RunFailure, type RunFinished } from './runner-protocol.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';
import { createFeedSettler } from './settle-feeds.ts';
import { createModelVerifier, type ProviderSetting } from './verify-models.ts';

/** What the worker needs of the station. */
export type RunWorkerTools = {
  readonly db: WritableDb;
  readonly objects: ObjectStore;
  readonly supervisor: RunnerSupervisor;
  readonly outboxDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of the inputs of a run that could not read one of them as it was kept. */
  readonly suspect: (digest: string) => void;
  /** What receipts say of this machine, and what is kept of raw outputs. */
  readonly receipts?: ReceiptSetting;
  /** What models are computed with; left out, with what the runner has in use. */
  readonly compute?: ProviderSetting;
  /** For the metrics: how an attempt ended, and how long it took. */
  readonly ended: (state: 'finished' | 'failed', tookMs: number) => void;
};

/** Takes queued runs one by one to the runner and records what becomes of them; what a stop leaves are rows. */
export type RunWorker = {
  /** Verifies every installed model on this machine, then works until stopped. */
  start(): void;
  notify(): void;
  stop(): Promise<void>;
};

const POLL_MS = 1000;
const DOUBTS_PROVIDER: ReadonlySet<RunFailure> = new Set(['remote-unreachable', 'remote-refused', 'provider-changed']);
/** The runner refused because it cannot start: ask again no more often than this. */
const UNAVAILABLE_PAUSE_MS = 5000;
/** There was no room for a result: time for somebody to make some. */
const OUT_OF_ROOM_PAUSE_MS = 30_000;
/** News is looked at this long after it comes, once for all of it, while a run computes. */
const LOOK_AFTER_MS = 100;
/** What computes is looked at this often while something more urgent waits for it to end, as it nearly has. */
const LOOK_AGAIN_MS = 250;

export function createRunWorker(tools: RunWorkerTools): RunWorker {
  const { db, supervisor, clock, log } = tools;
  const replays = createReplayWork(tools);
  const feeds = createFeedSettler(db);
  const verifier = createModelVerifier({ db, supervisor, clock, log, setting: tools.compute });
  let hasStarted = false;
  let stopping = false;
  let loop: Promise<void> = Promise.resolve();
  let wake: () => void = () => undefined;
  /** What computes, as far as giving way depends on it. */
  let current: {
    readonly run: Run;
    readonly startedAt: number;
    readonly usualMs: number | null;
    isGivingWay: boolean;
  } | null = null;
  /** The run that the runner was told of as the next one, while one computes. */
  let hinted: string | null = null;
  let look: NodeJS.Timeout | null = null;

  async function work(): Promise<void> {
    while (!stopping) {
      try {
        await nextTurn(); // a queue that only needs rows never keeps the network waiting
        const isVerified = await verifier.verify(() => stopping || firstInTurn(db) !== null);
        const isIdle = !(await attemptNext());
        if (isIdle || !isVerified) await rest(isVerified ? POLL_MS : UNAVAILABLE_PAUSE_MS);
      } catch (error) {
        // The work goes on: a worker that ended here would leave every later study waiting, and nobody would know.
        log.incident('run-worker-failed', error);
        await rest(UNAVAILABLE_PAUSE_MS);
      }
    }
  }

  /** Works on one queued run; false when none waits. */
  async function attemptNext(): Promise<boolean> {
    if (stopping) return false;
    putBackRuns(db, 'outbox-full', clock.nowMs());
    const hasEnded = failRunsWithoutModel(db, clock.nowMs());
    const hasSettled = feeds.some(clock.nowMs());
    const hasResumed = queuePausedAnew(db, clock.nowMs()) || hasSettled;
    const run = nextQueuedRun(db, clock.nowMs());
    if (run === null) return (await replays.attemptNext()) || hasEnded || hasResumed;
    if (supersedeOutdated(db, run)) return true;
    try {
      await attempt(run);
    } catch (error) {
      log.incident('run-attempt-failed', error, { runId: run.runId });
      if (isOutOfRoom(error)) {
        // Nothing is wrong with the run: it is put back, and done anew when there is room.
        await rest(OUT_OF_ROOM_PAUSE_MS);
        return true;
      }
      failRun(db, run.runId, 'internal', clock.nowMs());
    }
    feeds.ofStudy(run.studyId, clock.nowMs());
    return true;
  }

  async function attempt(run: Run): Promise<void> {
    const model = findModel(db, run.modelDigest);
    if (model === null) return;
    // Who fed it may have given way meanwhile: it waits again, rather than be computed on nothing.
    if (!isFed(db, run, model.manifest)) return inTransaction(db, () => waitForFeeds(db, run.runId));
    if (!startRun(db, run, clock.nowMs())) return;
    const startedAt = performance.now();
    const usage = usualOf(model.digest);
    const request = requestFor(db, run, model, usage);
    const inputs = request.series.instances;
    const needs = unfedBy(model.manifest, request);
    if (needs.length > 0) {
      // Shown to more people since it was let go on, or what fed it gave way: a default would stand for an answer.
      failRun(db, run.runId, 'feed-not-run', clock.nowMs(), { needs });
      return;
    }
    let peakMb = 0;
    const attempted = { run, startedAt, usualMs: usage?.tookMs ?? null, isGivingWay: false };
    current = attempted;
    const answering = supervisor.run(
      { ...request, ...(tools.receipts?.rawOutputs.keep === 'all' && { keepTensors: true }) },
      { budgetMs: model.manifest.budgetMs, used: (used) => (peakMb = used.peakMb) },
    );
    expectNext();
    const answer = await answering;
    current = null;
    hinted = null;
    const tookMs = performance.now() - startedAt;
    if (!answer.ok && answer.error.code === 'cancelled' && attempted.isGivingWay)
      return preemptRun(db, run.runId, clock.nowMs());
    tools.ended(answer.ok ? 'finished' : 'failed', tookMs);
    if (stopping && !answer.ok) return; // The row stays running, and the stop puts it back.
    if (!answer.ok && answer.error.code === 'outbox-full') {
      await rest(OUT_OF_ROOM_PAUSE_MS);
      return; // Left running, and so put back.
    }
    if (!answer.ok) {
      if (answer.error.code === 'object-damaged' || answer.error.code === 'object-missing')
        for (const { digest } of inputs) tools.suspect(digest);
      const { code, output, timings } = answer.error;
      if (output !== undefined)
        log.warn('model-output-bad', { runId: run.runId, code: output.why, fault: output.tensor });
      failRun(db, run.runId, await whyEnded(code), clock.nowMs(), { ...tools.receipts, output, timings });
      // What it was computed on is gone, or another: the next attempt is where its golden cases hold then.
      if (DOUBTS_PROVIDER.has(code)) askVerification(db, model.digest);
      if (answer.error.code === 'runner-unavailable') await rest(UNAVAILABLE_PAUSE_MS);
      return;
    }
    // The manifest was edited since this start: what it says now is another model's word.
    if (answer.value.manifestDigest !== model.digest) {
      failRun(db, run.runId, 'package-unreadable', clock.nowMs());
      return;
    }
    if (!isAnswerTo(request, answer.value)) throw new Error('a result that is not of what was asked');
    // Two masks may be the same bytes, and then the same file.
    const { value } = answer;
    const rawTensors = value.rawTensors ?? [];
    for (const digest of new Set(
      [...value.masks, ...value.heatmaps, ...(value.features ?? []), ...rawTensors].map((file) => file.digest),
    ))
      await adoptMask(digest);
    const beside = givenBeside(request);
    const receipts = { ...(tools.receipts ?? DEFAULT_RECEIPTS), rawTensors, ...(beside !== null && { beside }) };
    inTransaction(db, () => {
      finishRun(db, run.runId, model.manifest, inputs, value, clock.nowMs(), receipts);
      noteUsage(db, model.digest, value.provider, { peakMb, tookMs });
    });
  }

  function usualOf(digest: string): ModelUsage | null {
    const on = findModelProvider(db, digest);
    return on === null ? null : findUsage(db, digest, on.provider);
  }

  /** A runner that ended itself for its memory left a note: it could no longer say so. */
  async function whyEnded(code: RunFailure): Promise<RunFailure> {
    if (code !== 'runner-crashed') return code;
    try {
      await unlink(path.join(tools.outboxDir, OVER_MEMORY_NOTE));
      return 'over-memory';
    } catch {
      return code; // no note: it crashed
    }
  }

  /** Tells the runner whose turn will be next, as far as can be told now. */
  function expectNext(): void {
    try {
      const next = nextQueuedRun(db, clock.nowMs());
      if (current === null || next === null || next.runId === hinted || isOutdated(db, next)) return;
      hinted = next.runId;
      const model = findModel(db, next.modelDigest);
      if (model === null) return;
      supervisor.expect(hintOf(requestFor(db, next, model, usualOf(model.digest))));
    } catch (error) {
      // Only a hint: the run that computes goes on, and the next one says itself what is wrong with it.
      log.incident('run-hint-failed', error);
    }
  }

  /** What waits may be more urgent than what computes. */
  function lookAtNews(): void {
    look = null;
    if (stopping) return;
    expectNext();
    const waiting = firstInTurn(db);
    if (waiting !== null) replays.makeWay();
    if (current === null || current.isGivingWay) return;
    const { run, startedAt, usualMs } = current;
    const running = { lane: run.lane, preemptions: run.preemptions, elapsedMs: performance.now() - startedAt, usualMs };
    // What would not give way either if nobody knew how long it takes, need not be looked at again.
    if (waiting === null || !givesWay({ ...running, usualMs: null }, waiting.lane)) return;
    if (!givesWay(running, waiting.lane)) {
      // Let finish because it is nearly done, which it may turn out not to be.
      look = setTimeout(lookAtNews, LOOK_AGAIN_MS);
      return;
    }
    current.isGivingWay = true;
    supervisor.cancel(run.runId as RunFinished['runId']);
  }

  /** Takes a mask or heatmap out of the runner's outbox into the object store, before the transaction that names it. */
  async function adoptMask(digest: string): Promise<void> {
    const left = path.join(tools.outboxDir, `${digest}.bits.gz`);
    const bytes = await readFile(left);
    if (createHash('sha256').update(bytes).digest('hex') !== digest)
      throw new Error('a mask is not what its name says');
    const file = await tools.objects.receive();
    try {
      await file.write(bytes);
      await file.keep(digest);
    } finally {
      await file.discard();
    }
    await unlink(left);
  }

  function rest(ms: number): Promise<void> {
    if (stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    start() {
      hasStarted = true;
      recoverReplays(db);
      loop = work();
    },
    notify() {
      wake();
      if (current !== null || replays.isWorking()) look ??= setTimeout(lookAtNews, LOOK_AFTER_MS);
    },
    async stop() {
      stopping = true;
      if (look !== null) clearTimeout(look);
      wake();
      await supervisor.stop();
      await loop;
      // Told apart from a kill, after which the attempt counts.
      if (hasStarted) putBackRuns(db, 'runner-unavailable', clock.nowMs());
    },
  };
}
