import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { CoverageLimits } from '../../shared/contract/model-figures.ts';
import type { Readers } from './api/services/readers.ts';
import {
  beginEarlyRuns,
  createModelWatch,
  createOutputKeeper,
  createRunWorker,
  EARLY_JOB,
  endRest,
  exposeModels,
  inferenceConsumer,
  installModels,
  machineFacts,
  machineInWords,
  markRunLate,
  measuringConsumer,
  PROBE_JOB,
  probeModel,
  type readPackages,
  recoverRuns,
  RETRY_JOB,
  SETTLE_JOB,
  settleSome,
  type RunnerHost,
  type RunnerSupervisor,
  superviseRunner,
  suspendModel,
  TOLERANCE_JOB,
} from './inference/index.ts';
import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { DataDirectory } from './platform/data-directory.ts';
import type { JobHandler } from './platform/jobs/jobs.ts';
import type { Consumer } from './platform/ledger/follow.ts';
import { serviceActor } from './platform/ledger/event.ts';
import type { Log } from './platform/log.ts';
import type { Metrics } from './platform/metrics.ts';
import type { ObjectKeys } from './platform/objects/object-keys.ts';
import type { ObjectStore } from './platform/objects/object-store.ts';
import type { WritableDb } from './platform/store/database.ts';
import { onCommit } from './platform/store/transaction.ts';

type InferenceTools = {
  readonly db: WritableDb;
  readonly objects: ObjectStore;
  readonly keys: Pick<ObjectKeys, 'export'>;
  readonly directory: DataDirectory;
  readonly config: Config['inference'];
  readonly siteIds: readonly string[];
  readonly packages: PackagesRead;
  readonly runnerHost: RunnerHost;
  readonly readers: Readers;
  readonly clock: Clock;
  readonly log: Log;
  readonly suspect: (digest: string) => void;
  readonly runEnded: Metrics['runEnded'];
};
type PackagesRead = Extract<Awaited<ReturnType<typeof readPackages>>, { readonly ok: true }>['value'];

/** Inference as the station joins it: what follows the ledger and what jobs it has, and the runner with all that works beside it. */
export type Inference = {
  readonly supervisor: RunnerSupervisor;
  readonly consumers: readonly Consumer[];
  readonly jobs: Readonly<Record<string, JobHandler>>;
  readonly coverage: CoverageLimits;
  start(): void;
  stop(): Promise<void>;
};

/** Installs the packages that were read and puts what is under way back in its place; nothing computes before `start`. */
export function openInference(tools: InferenceTools): Inference {
  const { db, objects, directory, config, siteIds, packages, readers, clock, log } = tools;
  // What a runner left that nobody took in is computed anew.
  for (const name of readdirSync(directory.runnerOutbox)) rmSync(path.join(directory.runnerOutbox, name));
  installModels(db, packages.packages, clock.nowMs(), packages.refused);
  for (const siteId of siteIds) exposeModels(db, siteId, directory.isDemo, clock.nowMs());
  recoverRuns(db, clock.nowMs());
  const supervisor = superviseRunner(tools.runnerHost, {
    objectsDir: directory.objects,
    objectKeys: [...tools.keys.export()],
    outboxDir: directory.runnerOutbox,
    providers: config.providers,
    remotes: config.remotes,
    threads: config.threads,
    warmModelsMb: config.warmModelsMb,
  });
  const machine = machineFacts(config);
  const worker = createRunWorker({
    ...{ db, objects, supervisor, clock, log },
    outboxDir: directory.runnerOutbox,
    suspect: tools.suspect,
    ended: tools.runEnded,
    compute: { providers: config.providers, remotes: config.remotes, machine: machineInWords(machine) },
    receipts: { machine, rawOutputs: config.rawOutputs },
  });
  const outputs = createOutputKeeper({ db, objects, clock, log }, config.rawOutputs);
  const { coveragePercent, coverageDays, coverageStudies, driftSuspends } = config.watch;
  const coverage = { leastShare: coveragePercent / 100, days: coverageDays, leastStudies: coverageStudies };
  const modelWatch = createModelWatch({
    ...{ db, clock, log, siteIds },
    sight: (siteId, nowMs) => readers.run('sight-models', { siteId, limits: coverage, nowMs }),
    onMovedFar(siteId, digest, atMs) {
      // Where it does not run any more there is nothing to stop.
      if (driftSuspends) suspendModel(db, { siteId, digest, reason: 'drift', actor: serviceActor('inference'), atMs });
    },
  });
  let forgetRuns = () => {};
  return {
    supervisor,
    consumers: [inferenceConsumer, measuringConsumer],
    jobs: {
      [EARLY_JOB]: beginEarlyRuns,
      [TOLERANCE_JOB]: markRunLate,
      [RETRY_JOB]: endRest,
      [PROBE_JOB]: probeModel,
      [SETTLE_JOB]: settleSome,
    },
    coverage,
    start() {
      forgetRuns = onCommit(db, worker.notify);
      supervisor.start();
      worker.start();
      outputs.start();
      modelWatch.start();
    },
    async stop() {
      forgetRuns();
      await worker.stop();
      await outputs.stop();
      await modelWatch.stop();
    },
  };
}
