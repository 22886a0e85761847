import type { Consumer } from '../platform/ledger/follow.ts';
import { queueRuns } from './queue-runs.ts';

export {
  countUnusableModels,
  exposeModels,
  installModels,
  type InstalledModel,
  listModels,
  readPackages,
} from './models.ts';
export {
  aiStatus,
  countOpenRuns,
  findFinding,
  isSilentRun,
  type FindingRecord,
  listFindings,
  listFlagsOfRun,
  listRuns,
  type RunRecord,
} from './queries.ts';
export { TOLERANCE_JOB } from './queue-runs.ts';
export { markRunLate, recoverRuns } from './record-run.ts';
export { createRunWorker } from './run-worker.ts';
export type { RunnerHost } from './runner-host.ts';
export { type RunnerSupervisor, superviseRunner } from './runner-supervisor.ts';
export { forkRunnerHost } from './fork-runner-host.ts';
export { parentPortRunnerHost } from './parent-port-runner-host.ts';

/** Inference as a follower of the ledger: a complete new study is owed its runs. */
export const inferenceConsumer: Consumer = {
  name: 'inference',
  startsFrom: 'beginning',
  handle(db, event) {
    if (event.studyId === null) return;
    if (event.kind === 'study-completed' || event.kind === 'study-promoted') queueRuns(db, event.studyId, event.atMs);
  },
};
