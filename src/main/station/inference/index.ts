import type { EventKind } from '../../../shared/domain/event-kinds.ts';
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
export { countAlarmedModels, listAlarms, type StandingAlarm } from './coverage-alarms.ts';
export { listVerifications, type Verification } from './golden-results.ts';
export { listModelRuns, type ModelRunWindow, type RunsQuestion } from './list-model-runs.ts';
export { measuringConsumer } from './measure-exams.ts';
export { describeDrift, type FeatureDrift } from './model-drift.ts';
export { type FiguresQuestion, measureModel, type ModelFigures } from './model-figures.ts';
export { listKnownDigests, type ModelOverview, overviewModels, readModelCard } from './model-overview.ts';
export { createModelWatch, type ModelWatch, sightModels } from './model-watch.ts';
export { TOLERANCE_JOB } from './queue-runs.ts';
export { countPausedModels, PROBE_JOB, probeModel } from './model-breaker.ts';
export { endRest, markRunLate, recoverRuns, RETRY_JOB } from './record-run.ts';
export { type RunPriority, setRunPriority } from './run-order.ts';
export { createRunWorker } from './run-worker.ts';
export type { RunnerHost } from './runner-host.ts';
export { type RunnerSupervisor, superviseRunner } from './runner-supervisor.ts';
export { forkRunnerHost } from './fork-runner-host.ts';
export { parentPortRunnerHost } from './parent-port-runner-host.ts';

/** What makes a study complete, new, or of other images than before. */
const OWES_RUNS: ReadonlySet<EventKind> = new Set([
  'study-completed',
  'study-promoted',
  'study-split',
  'instances-hidden',
  'identity-undone',
]);

/** Inference as a follower of the ledger: a complete new study is owed its runs. */
export const inferenceConsumer: Consumer = {
  name: 'inference',
  startsFrom: 'beginning',
  handle(db, event) {
    if (event.studyId === null) return;
    if (OWES_RUNS.has(event.kind)) queueRuns(db, event.studyId, event.atMs);
  },
};
