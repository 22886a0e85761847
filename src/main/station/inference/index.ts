import type { EventKind } from '../../../shared/domain/event-kinds.ts';
import type { Consumer } from '../platform/ledger/follow.ts';
import { goOnWithAnalyses } from './ask-analysis.ts';
import { carryRuns } from './carry-run.ts';
import { correctRuns, hasBeenCorrected } from './correct-runs.ts';
import { watchSeries } from './early-runs.ts';
import { queueRuns } from './queue-runs.ts';

export { type AnalysisResult, findAnalysis, listAnalysesOf } from './analyses.ts';
export { askAnalysis, type AnalysisRequest } from './ask-analysis.ts';
export {
  checkReceipt,
  findShownRun,
  listChain,
  type ReceiptCheck,
  type RunOfChain,
  type RunViewer,
  type RunWithReceipt,
} from './receipts.ts';
export { askReplay, listReplays, type Replay } from './replays.ts';
export { hasKeptOutputs, listTensors, type RawOutputSetting } from './run-outputs.ts';
export { machineFacts, machineInWords } from './machine-facts.ts';
export { createOutputKeeper } from './output-keeper.ts';
export { exposeModels } from './expose-models.ts';
export {
  findInstalledAtMs,
  findModel,
  installModels,
  type InstalledModel,
  listModels,
  listPackageFaults,
} from './models.ts';
export { countUnusableModels, countUsableModels } from './count-models.ts';
export type { ShownAt } from './shown-models.ts';
export { compareOnProviders, describeComparisons } from './compare-providers.ts';
export { checkPackage } from './check-package.ts';
export { readPackages } from './read-packages.ts';
export { findFinding, type FindingRecord, listFindings, listFlagsOfRun, listQualityRemarks } from './findings.ts';
export { countOpenRuns, isSilentRun, listRuns, type RunRecord } from './shown-runs.ts';
export { aiStatus, wasHeldAgainst } from './study-ai-status.ts';
export { countAlarmedModels, listAlarms, type StandingAlarm } from './coverage-alarms.ts';
export {
  countModelsElsewhere,
  countModelsWaitingForServer,
  findModelProvider,
  listProvidersUsed,
  listServersHolding,
  listVerifications,
  type Verification,
} from './golden-results.ts';
export { listModelReadings } from './list-model-readings.ts';
export { listModelRuns, type ModelRunWindow, type RunsQuestion } from './list-model-runs.ts';
export { measuringConsumer } from './measure-exams.ts';
export { countDriftedModels, describeDrift, type FeatureDrift } from './model-drift.ts';
export { type FiguresQuestion, measureModel, type ModelFigures } from './model-figures.ts';
export { listKnownDigests, type ModelOverview, overviewModels, readModelCard } from './model-overview.ts';
export { createModelWatch, type ModelWatch, sightModels } from './model-watch.ts';
export {
  type Acceptance,
  findAcceptance,
  findStandingAcceptance,
  listAcceptances,
} from './acceptance-rows.ts';
export { measureAcceptance } from './acceptance-report.ts';
export { fixTargets, noteReportRead, signAcceptance } from './acceptances.ts';
export { compareVersions, listDiscordances } from './compare-versions.ts';
export { askProbe, describeBreaker } from './ask-probe.ts';
export { listReferenceStudies, type ReferenceStudiesQuestion } from './list-reference-studies.ts';
export { previewPilot } from './preview-pilot.ts';
export { findExposure, isFit, listSteps, usesFor } from './exposure-rows.ts';
export { currentPoint, listPoints, offeredPoints } from './operating-point-rows.ts';
export { chooseOperatingPoint, signOperatingPoint } from './operating-points.ts';
export { findRollback, rollBack } from './roll-back.ts';
export { listSilentResults, mayReport, noteResultsShown, type ResultsQuestion } from './silent-results.ts';
export { SETTLE_JOB, settleSome } from './settle-exposure.ts';
export { settleFinding } from './settle-finding.ts';
export { missingFor, setUses, suspendModel, takeStep } from './take-step.ts';
export { listQuestions, type ReadingFacts, recordTruth } from './truths.ts';
export { beginEarlyRuns, EARLY_JOB } from './early-runs.ts';
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

/** What makes a study somebody else's. */
const CORRECTS_PATIENT: ReadonlySet<EventKind> = new Set([
  'study-moved',
  'patients-merged',
  'study-split',
  'identity-undone',
]);

/** Inference as a follower of the ledger: a complete new study is owed its runs, and anew where they are told of the patient and that is another. */
export const inferenceConsumer: Consumer = {
  name: 'inference',
  startsFrom: 'beginning',
  handle(db, event) {
    if (event.studyId === null) return;
    if (event.kind === 'instance-received' && event.siteId !== null && event.payload?.intent === 'new')
      watchSeries(db, event.studyId, event.siteId, event.atMs);
    if (OWES_RUNS.has(event.kind)) {
      carryRuns(db, event.studyId, event.atMs);
      queueRuns(db, event.studyId, event.atMs);
    } else if (!CORRECTS_PATIENT.has(event.kind)) return;
    if (CORRECTS_PATIENT.has(event.kind) || hasBeenCorrected(db, event.studyId))
      correctRuns(db, event.studyId, event.atMs);
    goOnWithAnalyses(db, event.studyId, event.atMs);
  },
};
