import { readFileSync } from 'node:fs';
import { RunId } from '../../src/shared/domain/ids.ts';
import { forkRunnerHost } from '../../src/main/station/inference/fork-runner-host.ts';
import type { StageTimings } from '../../src/main/station/inference/run-answer.ts';
import type { InstanceReference } from '../../src/main/station/inference/runner-protocol.ts';
import { superviseRunner } from '../../src/main/station/inference/runner-supervisor.ts';
import { testRunId } from '../../src/main/station/inference/runner/test-series.ts';
import { PROGRAM } from '../../src/main/station/program.ts';
import type { BenchObjects } from './bench-series.ts';
import { childrenOf } from '../ingest/process-tree.ts';
import type { z } from 'zod';

/** What one run took, in ms; `totalMs` from asking the runner to its answer, the model's loading included where it was not yet. */
export type MeasuredRun = z.infer<typeof StageTimings> & { readonly totalMs: number; readonly samples: number };

/** A runner process of its own, as the station has one. */
export type MeasuredRunner = {
  /** From the start of the process until it had proved its provider. */
  readonly readyAfterMs: number;
  /** Runs a package's model on a series; told of the `next` one, it prepares that meanwhile, as it does in a station's queue. */
  run(
    model: { readonly directory: string; readonly modelDigest: string },
    instances: readonly InstanceReference[],
    next?: readonly InstanceReference[],
  ): Promise<MeasuredRun>;
  /** The most memory that it held at any moment, in MiB, as the system counts it. */
  peakMiB(): number;
  stop(): Promise<void>;
};

const BUDGET_MS = 600_000;
/** A bench is about time: what a run may hold is not its question. */
const NO_LIMIT = { needMb: 1, mostMb: 1_000_000 } as const;

/** Starts one; null where the provider does not compute here. */
export async function startMeasuredRunner(
  { objectsDir, keys, outboxDir }: BenchObjects,
  provider: string,
  threads: number,
): Promise<MeasuredRunner | null> {
  const others = new Set(childrenOf(process.pid));
  const supervisor = superviseRunner(forkRunnerHost(PROGRAM.runnerEntry), {
    ...{ objectsDir, objectKeys: [...keys.export()], outboxDir },
    ...{ providers: [provider], threads },
  });
  const startedAt = performance.now();
  const isReady = new Promise<boolean>((resolve) => {
    supervisor.onState(({ state }) => {
      if (state === 'ready' || state === 'restarting') resolve(state === 'ready');
    });
  });
  supervisor.start();
  if (!(await isReady)) {
    await supervisor.stop();
    return null;
  }
  const readyAfterMs = performance.now() - startedAt;
  const pid = childrenOf(process.pid).find((child) => !others.has(child));
  if (pid === undefined) throw new Error('the runner has no process');
  return {
    readyAfterMs,
    async run({ directory, modelDigest }, instances, next) {
      const about = { packageDir: directory, modelDigest };
      const series = { seriesUid: '2.25.2', instances: [...instances] };
      const beganAt = performance.now();
      const running = supervisor.run(
        { ...about, runId: RunId.parse(testRunId()), memory: NO_LIMIT, series },
        { budgetMs: BUDGET_MS },
      );
      if (next !== undefined) supervisor.expect({ ...about, instances: [...next], needMb: 1 });
      const answer = await running;
      const totalMs = performance.now() - beganAt;
      if (!answer.ok) throw new Error(`not run: ${answer.error.code}`);
      return { ...answer.value.timings, totalMs, samples: answer.value.geometry.grid.samples };
    },
    peakMiB: () =>
      Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024,
    stop: () => supervisor.stop(),
  };
}
