import type { AnalysisCard } from '../../../../shared/contract/analyses.ts';
import type { AnalysisPriority } from '../../../../shared/domain/analysis.ts';
import { RunId, StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, type Principal, type Scope } from '../../access/index.ts';
import {
  findStudyCard,
  findStudyIdByUid,
  getStudyCard,
  listSeries,
  recallStudy,
  type RetrievalWorker,
} from '../../archive/index.ts';
import { type AnalysisResult, askAnalysis, findAnalysis, listAnalysesOf } from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import { nameActor } from './study-face.ts';
import { showFinding } from './study-services.ts';

/** Analyses on request offer the api. */
export type AnalysisServices = {
  ask(
    principal: Principal,
    input: {
      readonly key: string;
      /** An id or a Study Instance UID. */
      readonly study: string;
      readonly modelId: string | null;
      readonly priority: AnalysisPriority;
    },
  ): Result<AnalysisCard, { readonly code: string; readonly retryAfterMs?: number }>;
  get(principal: Principal, analysisId: string): AnalysisCard | null;
  list(principal: Principal, studyId: string): AnalysisCard[] | null;
};

type AnalysisTools = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly retrievals: Pick<RetrievalWorker, 'notify'>;
};

/** Binds analyses on request to the verbs of inference. */
export function analysisServices({ db, clock, retrievals }: AnalysisTools): AnalysisServices {
  const isIn = (scope: Scope, siteId: string) => scope.siteIds.some((one) => one === siteId);
  return {
    ask(principal, { study, key, modelId, priority }) {
      const { siteId } = principal;
      const studyId = study.includes('-') ? study : findStudyIdByUid(db, siteId, study);
      if (studyId === null) return err({ code: 'study-not-found' });
      const who = { siteId, actor: actorOf(principal), atMs: clock.nowMs() };
      const asked = askAnalysis(db, { ...who, studyId, modelId, priority, key });
      if (asked.ok) return ok(showAnalysis(db, asked.value.analysis));
      if (asked.error.code === 'images-not-here' && recallStudy(db, { ...who, studyId }).ok) retrievals.notify();
      return asked;
    },
    get(principal, analysisId) {
      const analysis = findAnalysis(db, analysisId, principal.userId);
      return analysis !== null && isIn(principal, analysis.siteId) ? showAnalysis(db, analysis) : null;
    },
    list(principal, studyId) {
      const study = findStudyCard(db, studyId);
      if (study === null || !isIn(principal, study.siteId)) return null;
      return listAnalysesOf(db, studyId, principal.userId).map((analysis) => showAnalysis(db, analysis));
    },
  };
}

function showAnalysis(db: ReadableDb, analysis: AnalysisResult): AnalysisCard {
  const { siteId: _siteId, askedBy, modelId, findings, runs, studyId, ...shown } = analysis;
  const series = listSeries(db, studyId);
  return {
    ...shown,
    studyId: StudyId.parse(studyId),
    studyUid: getStudyCard(db, studyId).studyUid,
    model: modelId,
    askedBy: nameActor(db, askedBy.id),
    runs: runs.map((run) => ({ ...run, runId: RunId.parse(run.runId) })),
    findings: findings.map((finding) => showFinding(db, finding, series)),
  };
}
