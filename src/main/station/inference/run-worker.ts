import { createHash } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import { describeFault } from '../../../shared/domain/package-fault.ts';
import { getObject, listInstancesAt } from '../archive/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectStore } from '../platform/objects/object-store.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { hasUnverifiedModels, listModels, recordVerification } from './models.ts';
import {
  failRun,
  failRunsWithoutModel,
  finishRun,
  nextQueuedRun,
  putBackRuns,
  type Run,
  startRun,
  supersedeOutdated,
} from './record-run.ts';
import type { InstanceReference, RunFinished } from './runner-protocol.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';

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
/** A model that takes the runner down this often while being verified is broken, and must not hold up the others. */
const MOST_CRASHES = 2;
/** The runner refused because it cannot start: ask again no more often than this. */
const UNAVAILABLE_PAUSE_MS = 5000;
/** There was no room for a result: time for somebody to make some. */
const OUT_OF_ROOM_PAUSE_MS = 30_000;

export function createRunWorker(tools: RunWorkerTools): RunWorker {
  const { db, supervisor, clock, log } = tools;
  let stopping = false;
  let loop: Promise<void> = Promise.resolve();
  const crashes = new Map<string, number>();
  let wake: () => void = () => undefined;

  async function work(): Promise<void> {
    while (!stopping) {
      try {
        const isVerified = await verifyModels();
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
    failRunsWithoutModel(db, clock.nowMs());
    const run = nextQueuedRun(db);
    if (run === null) return false;
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
      failRun(db, run.runId, 'internal', false, clock.nowMs());
    }
    return true;
  }

  async function attempt(run: Run): Promise<void> {
    const model = listModels(db).find(({ digest }) => digest === run.modelDigest);
    if (model === undefined || !startRun(db, run, clock.nowMs())) return;
    const startedAt = performance.now();
    const { seriesUid, inputs } = inputsOf(run);
    const request = {
      runId: run.runId as RunFinished['runId'],
      packageDir: model.packagePath,
      modelDigest: model.manifest.modelDigest,
    };
    const answer = await supervisor.run(
      { ...request, series: { seriesUid, instances: [...inputs] } },
      { budgetMs: model.manifest.budgetMs },
    );
    tools.ended(answer.ok ? 'finished' : 'failed', performance.now() - startedAt);
    if (stopping && !answer.ok) return; // The row stays running and is owed again at the next start.
    if (!answer.ok && answer.error.code === 'outbox-full') {
      await rest(OUT_OF_ROOM_PAUSE_MS);
      return; // Left running, and so put back.
    }
    if (!answer.ok) {
      if (answer.error.code === 'object-damaged' || answer.error.code === 'object-missing')
        for (const { digest } of inputs) tools.suspect(digest);
      failRun(db, run.runId, answer.error.code, answer.error.retryable, clock.nowMs());
      if (answer.error.code === 'runner-unavailable') await rest(UNAVAILABLE_PAUSE_MS);
      return;
    }
    // The manifest was edited since this start: what it says now is another model's word.
    if (answer.value.manifestDigest !== model.digest) {
      failRun(db, run.runId, 'package-unreadable', false, clock.nowMs());
      return;
    }
    // Two masks may be the same bytes, and then the same file.
    const left = [...answer.value.masks, ...answer.value.heatmaps].map(({ digest }) => digest);
    for (const digest of new Set(left)) await adoptMask(digest);
    finishRun(db, run.runId, model.manifest, inputs, answer.value, clock.nowMs());
  }

  function inputsOf(run: Run): { readonly seriesUid: string; readonly inputs: readonly InstanceReference[] } {
    // What came since belongs to a later revision, and so to another run.
    const images = listInstancesAt(db, run.studyId, run.revision).filter(({ seriesId }) => seriesId === run.seriesId);
    const seriesUid = images[0]?.seriesUid;
    if (seriesUid === undefined) throw new Error(`run ${run.runId} has no images`);
    return {
      seriesUid,
      inputs: images.map(({ sopUid, digest, transferSyntaxUid }) => ({
        sopUid,
        digest,
        transferSyntaxUid,
        encoding: getObject(db, digest).encoding,
      })),
    };
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

  /** Verifies the models that nobody has verified since the start; false while the runner cannot be asked. */
  async function verifyModels(): Promise<boolean> {
    if (!hasUnverifiedModels(db)) return true;
    let isDone = true;
    for (const model of listModels(db)) {
      if (stopping || model.state !== 'installed') continue;
      const loaded = await supervisor.load(model.packagePath, { verify: true });
      if (stopping) return true;
      const code = loaded.ok ? null : loaded.error.code;
      if (code === 'runner-unavailable' || (code === 'runner-crashed' && countCrash(model.digest) < MOST_CRASHES)) {
        log.warn('model-not-verified', { code });
        isDone = false;
        continue;
      }
      const golden = loaded.ok ? loaded.value.golden : [];
      const holds = loaded.ok && golden.length > 0 && golden.every(({ passed }) => passed);
      const faults = loaded.ok ? [] : loaded.error.faults;
      for (const fault of faults)
        log.warn('model-broken', { package: model.manifest.id, code: fault.code, fault: describeFault(fault) });
      recordVerification(
        db,
        model.digest,
        { holds, provider: loaded.ok ? loaded.value.provider : 'none', goldenCases: golden.length, faults },
        clock.nowMs(),
      );
    }
    return isDone;
  }

  function countCrash(digest: string): number {
    const count = (crashes.get(digest) ?? 0) + 1;
    crashes.set(digest, count);
    return count;
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
      loop = work();
    },
    notify: () => wake(),
    async stop() {
      stopping = true;
      wake();
      await supervisor.stop();
      await loop;
    },
  };
}
