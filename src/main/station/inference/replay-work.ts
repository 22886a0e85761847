import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { RunId } from '../../../shared/domain/ids.ts';
import { Receipt } from '../../../shared/domain/receipt.ts';
import type { ReplayReason } from '../../../shared/domain/replay.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject, findSound, isDamaged } from '../platform/objects/records.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { countDifferingPixels } from './compare-masks.ts';
import { findFedAgain } from './feeding-runs.ts';
import { findModelProvider, listServersHolding } from './golden-results.ts';
import { judgeReplay, outcomeDifference } from './judge-replay.ts';
import { findModel, type InstalledModel } from './models.ts';
import { checkReceipt, findRunWithReceipt } from './receipts.ts';
import { beginReplay, endReplay, nextReplay, putReplayBack, type Replay } from './replays.ts';
import { findOutputs } from './run-outputs.ts';
import type { InstanceReference, RunFinished, RunRequest } from './runner-protocol.ts';
import type { RunnerSupervisor, RunRefusal } from './runner-supervisor.ts';
import { toldAgain } from './told-patient.ts';

/** What replaying needs of the station. */
export type ReplayTools = {
  readonly db: WritableDb;
  readonly objects: ObjectReader;
  readonly supervisor: RunnerSupervisor;
  readonly outboxDir: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** Computes replays while no run waits. */
export type ReplayWork = {
  /** Works on the replay that waited longest; false where none waits, or the runner cannot be asked now. */
  attemptNext(): Promise<boolean>;
  /** Whether one is being computed. */
  isWorking(): boolean;
  /** A run waits: the replay under way is called off, and begins anew when nothing waits. */
  makeWay(): void;
};

/** A provider that is slower than the one the budget is for is given time: nobody waits for a replay. */
const BUDGETS = 4;
const MOST_ATTEMPTS = 2;
/** What a replay may hold, in times of what the manifest says the model needs. */
const MEMORY_TIMES = 3;

/** Replays over the one runner; whoever calls sees to it that no run waits. */
export function createReplayWork({ db, objects, supervisor, outboxDir, clock, log }: ReplayTools): ReplayWork {
  let current: { readonly runId: RunFinished['runId']; hasMadeWay: boolean } | null = null;

  async function attemptNext(): Promise<boolean> {
    const replay = nextReplay(db);
    if (replay === null) return false;
    const ready = prepare(replay);
    if (!ready.ok) {
      endReplay(db, replay.replayId, { outcome: 'could-not', reason: ready.error.code }, clock.nowMs());
      return true;
    }
    if (!beginReplay(db, replay.replayId, clock.nowMs())) return true;
    try {
      return await compute(replay, ready.value);
    } catch (error) {
      log.incident('replay-failed', error, { runId: replay.runId });
      endReplay(db, replay.replayId, { outcome: 'could-not', reason: 'internal' }, clock.nowMs());
      return true;
    } finally {
      current = null;
    }
  }

  type Ready = {
    readonly receipt: Receipt;
    readonly model: InstalledModel;
    readonly inputs: InstanceReference[];
    readonly beside: Pick<RunRequest, 'otherSeries' | 'fed' | 'patient'>;
  };

  /** What a replay needs that can be seen beforehand: the package, every input by its digest, the receipt as it was written. */
  function prepare({ runId, providerAsked }: Replay): Result<Ready, { readonly code: ReplayReason }> {
    const run = findRunWithReceipt(db, runId);
    if (run?.receipt == null || checkReceipt(db, run)?.state === 'changed') return err({ code: 'receipt-changed' });
    const receipt = Receipt.parse(JSON.parse(run.receipt.text));
    const model = findModel(db, run.modelDigest);
    if (model === null || model.state === 'gone') return err({ code: 'package-gone' });
    const runner = supervisor.state();
    const isProven = (name: string) =>
      runner.state !== 'ready' ||
      runner.runner.providers.some((one) => one.name === name && one.proven) ||
      listServersHolding(db, run.modelDigest).includes(name);
    if (providerAsked !== null && !isProven(providerAsked)) return err({ code: 'provider-not-proven' });
    const inputs = referTo(receipt.inputs);
    if (!inputs.ok) return inputs;
    const otherSeries: NonNullable<RunRequest['otherSeries']> = [];
    for (const { id, seriesUid, inputs: given } of receipt.beside?.otherSeries ?? []) {
      const instances = referTo(given);
      if (!instances.ok) return instances;
      otherSeries.push({ id, seriesUid, instances: instances.value });
    }
    const fed = findFedAgain(db, receipt.beside?.fed ?? []);
    if (inputs.value.length === 0 || fed === null) return err({ code: 'input-unknown' });
    const patient = receipt.beside?.patient === undefined ? {} : toldAgain(db, run);
    const beside = receipt.beside === undefined ? {} : { otherSeries, fed: [...fed], ...patient };
    return ok({ receipt, model, inputs: inputs.value, beside });
  }

  function referTo(given: Receipt['inputs']): Result<InstanceReference[], { readonly code: ReplayReason }> {
    const references: InstanceReference[] = [];
    for (const { sopUid, digest, transferSyntaxUid } of given) {
      const object = findSound(db, digest);
      if (object === null) return err({ code: whyNotHere(digest) });
      references.push({ sopUid, digest, transferSyntaxUid, encoding: object.encoding });
    }
    return ok(references);
  }

  function whyNotHere(digest: string): ReplayReason {
    if (isDamaged(db, digest)) return 'input-damaged';
    return findObject(db, digest) === null ? 'input-unknown' : 'input-evicted';
  }

  async function compute(replay: Replay, { receipt, model, inputs, beside }: Ready): Promise<boolean> {
    const runId = RunId.parse(replay.replayId);
    const mine = { runId, hasMadeWay: false };
    current = mine;
    const { memoryMb } = model.manifest;
    const provider = replay.providerAsked ?? findModelProvider(db, model.digest)?.provider;
    const answer = await supervisor.run(
      {
        ...{ runId, packageDir: model.packagePath, modelDigest: model.manifest.modelDigest },
        ...(provider !== undefined && { provider }),
        series: { seriesUid: receipt.series.seriesUid, instances: inputs },
        ...beside,
        memory: { needMb: memoryMb, mostMb: memoryMb * MEMORY_TIMES },
      },
      { budgetMs: model.manifest.budgetMs * BUDGETS },
    );
    if (!answer.ok) return refused(replay, receipt, answer.error, mine.hasMadeWay);
    const outputs = findOutputs(db, replay.runId);
    const tolerance = model.manifest.replayTolerance;
    const result = await judgeReplay({ receipt, outputs, tolerance }, answer.value, compareMasks);
    endReplay(db, replay.replayId, result, clock.nowMs());
    await clearOutbox(answer.value);
    return true;
  }

  /** Gives whether to go on: not where the runner cannot be asked, or has no room. */
  function refused(replay: Replay, receipt: Receipt, { code }: RunRefusal, hasMadeWay: boolean): boolean {
    if (code === 'cancelled' && hasMadeWay) {
      putReplayBack(db, replay.replayId, 'made-way');
      return true;
    }
    if (code === 'runner-unavailable' || code === 'outbox-full') {
      putReplayBack(db, replay.replayId, 'made-way');
      return false;
    }
    if ((code === 'runner-crashed' || code === 'low-memory') && replay.attempts + 1 < MOST_ATTEMPTS) {
      putReplayBack(db, replay.replayId, 'runner-crashed');
      return code === 'runner-crashed';
    }
    const asBefore = receipt.outcome === 'failed' && receipt.reason === code;
    const result =
      receipt.outcome === 'failed'
        ? ({
            outcome: asBefore ? 'same' : 'differs',
            differences: asBefore ? [] : [outcomeDifference(receipt.reason, code)],
          } as const)
        : ({ outcome: 'could-not', reason: code } as const);
    endReplay(db, replay.replayId, result, clock.nowMs());
    return true;
  }

  async function compareMasks(keptDigest: string, newDigest: string): Promise<number | null> {
    const kept = findSound(db, keptDigest);
    if (kept === null) return null;
    const [was, is] = await Promise.all([
      objects.read(kept.digest, kept.encoding),
      readFile(path.join(outboxDir, `${newDigest}.bits.gz`)),
    ]);
    return countDifferingPixels(was, is);
  }

  /** What a replay leaves is compared and gone: no mask of it is kept. */
  async function clearOutbox(answer: RunFinished): Promise<void> {
    for (const { digest } of [...answer.masks, ...(answer.features ?? [])])
      await rm(path.join(outboxDir, `${digest}.bits.gz`), { force: true });
  }

  return {
    attemptNext,
    isWorking: () => current !== null,
    makeWay() {
      if (current === null || current.hasMadeWay) return;
      current.hasMadeWay = true;
      supervisor.cancel(current.runId);
    },
  };
}
