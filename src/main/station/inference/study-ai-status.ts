import type { AiStatus } from '../../../shared/domain/ai-status.ts';
import { getStudyCard, type StudyCard } from '../archive/index.ts';
import { hasParkedEvent } from '../platform/ledger/follow.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { findExposure } from './exposure-rows.ts';
import { isStandingFlag, listFindings } from './findings.ts';
import { IS_UNFIT } from './models.ts';
import { pilotAudience } from './pilot.ts';
import { IS_VISIBLE, listRuns, type RunRecord } from './shown-runs.ts';

/** Of a model `m`: it may flag at @siteId, by its manifest and by what the site allows of that. */
const MAY_FLAG = `
  EXISTS (SELECT 1 FROM json_each(m.manifest, '$.permittedUses') WHERE value = 'flag') AND NOT EXISTS (
    SELECT 1 FROM model_exposures x
     WHERE x.site_id = @siteId AND x.digest = m.digest AND x.uses IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM json_each(x.uses) WHERE value = 'flag'))
`;

const WAS_HELD_AGAINST = 'SELECT 1 FROM model_applicability WHERE study_id = ? AND digest = ?';
const FIND_APPLICABILITY = 'SELECT study_revision AS revision FROM study_applicability WHERE study_id = ?';
/** What the visible models that may flag made of a study's series; the one that read the smallest share of what it could have read comes first. */
const LIST_APPLICABILITY = `
  SELECT a.state, a.eligible_series AS eligibleSeries, a.digest, m.model_id AS modelId, EXISTS (
           SELECT 1 FROM runs r WHERE r.study_id = a.study_id AND r.study_revision = a.study_revision AND r.model_digest = a.digest
              AND r.state = 'finished' AND ${IS_VISIBLE}) AS hasRead
    FROM model_applicability a JOIN models m ON m.digest = a.digest
   WHERE a.study_id = @studyId AND a.study_revision = @revision AND a.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT} AND ${MAY_FLAG}
   ORDER BY a.eligible_series DESC
`;
/** Runs that flag what they find. One that found something while its model was not let flag it did not find nothing. */
const LIST_FLAGGING = `
  SELECT r.run_id AS runId FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE r.study_id = @studyId AND ${MAY_FLAG} AND NOT EXISTS (
     SELECT 1 FROM findings f WHERE f.run_id = r.run_id AND NOT EXISTS (SELECT 1 FROM json_each(f.uses) WHERE value = 'flag'))
`;

/**
 * What AI says of a study on its worklist row. "No flag" stands only when every visible model made for the exam that may flag
 * has read it, and never of models that may only measure or judge quality;
 * of its eligible series each model reads the one its manifest ranks first, and the state says of how many (decision 9).
 */
export function aiStatus(db: ReadableDb, studyId: string): AiStatus {
  const study = getStudyCard(db, studyId);
  const runs = listRuns(db, studyId);
  const current = new Set(runs.filter(({ state }) => state !== 'superseded').map(({ runId }) => runId));
  // What a reader rejected was flagged all the same, as long as nothing newer was said in its place.
  const flagged = listFindings(db, studyId).filter(
    (finding) =>
      isStandingFlag(finding) ||
      (finding.state === 'rejected' &&
        current.has(finding.runId) &&
        isStandingFlag({ ...finding, state: 'unverified' })),
  );
  if (flagged.length > 0) {
    return {
      state: 'flagged',
      findings: flagged.map(({ label, score, model, state }) => ({
        ...{ code: label.code, display: label.display, score, model: model.name },
        ...((state === 'accepted' || state === 'modified' || state === 'rejected') && { decision: state }),
      })),
    };
  }
  if (study.intent !== 'new') return { state: 'not-applicable', reason: study.intent };
  if (study.completeness === 'receiving' || study.completeRevision === null) return { state: 'awaiting-images' };
  const consumed = prepared<{ revision: number }>(db, FIND_APPLICABILITY).get(studyId);
  // Complete, but nothing is owed yet: either the ledger is behind, or what would have owed it failed and was set aside.
  if (consumed?.revision !== study.completeRevision)
    return hasParkedEvent(db, 'inference', studyId) ? { state: 'not-run', reason: 'internal' } : { state: 'waiting' };
  const models = prepared<ModelOfStudy>(db, LIST_APPLICABILITY)
    .all({ studyId, siteId: study.siteId, revision: study.completeRevision })
    .filter((model) => model.hasRead === 1 || isStillShown(db, study, model));
  const flagging = listFlaggingRuns(db, study);
  const said = runs.filter(
    ({ runId, state, revision, isEarly }) =>
      state !== 'superseded' && revision === study.completeRevision && !isEarly && flagging.has(runId),
  );
  const isOpen = ({ state }: RunRecord) => state === 'queued' || state === 'running';
  const open = said.filter((run) => isOpen(run) && !run.isResting);
  const late = open.find(({ isLate }) => isLate);
  if (late !== undefined) return { state: 'late', startedAtMs: late.startedAtMs };
  const running = open.find(({ startedAtMs }) => startedAtMs !== null);
  if (running?.startedAtMs != null) return { state: 'running', startedAtMs: running.startedAtMs };
  if (open.length > 0) return { state: 'waiting' };
  // What pauses before another try is not run, and says why, until it begins.
  const read = said.filter(({ state, reason }) => !(state === 'failed' && reason === 'not-applicable'));
  const failed = read.find((run) => run.state === 'failed' || run.isResting);
  if (failed !== undefined) return { state: 'not-run', reason: failed.reason ?? 'internal' };
  if (models.some(({ state }) => state === 'no-eligible-series'))
    return { state: 'not-run', reason: 'no-eligible-series' };
  // Only silent models apply, and nobody who may report is told that they exist; or none that may flag.
  if (said.length === 0) return { state: 'no-model' };
  // What has nothing to judge hides beside those that have read the study, and alone is no silence of theirs.
  if (read.length === 0) return { state: 'not-run', reason: 'not-applicable' };
  return { state: 'no-flag', readSeries: 1, eligibleSeries: models[0]?.eligibleSeries ?? 1 };
}

type ModelOfStudy = {
  readonly state: string;
  readonly eligibleSeries: number;
  readonly digest: string;
  readonly modelId: string;
  readonly hasRead: 0 | 1;
};

/** Whether a model that was shown when the study was held against it is shown of it to everyone now. What it showed meanwhile stands anyway. */
function isStillShown(db: ReadableDb, study: StudyCard, { digest, modelId }: ModelOfStudy): boolean {
  const { stage, pilot } = findExposure(db, study.siteId, digest);
  if (stage !== 'pilot' || pilot === null) return stage === 'general';
  const audience = pilotAudience(pilot, modelId, study);
  return audience.shows && audience.userIds === null;
}

/** Whether a study was held against a model: what it says of the study may change with how far the model reaches. */
export function wasHeldAgainst(db: ReadableDb, studyId: string, digest: string): boolean {
  return prepared(db, WAS_HELD_AGAINST).get(studyId, digest) !== undefined;
}

/** The runs of a study whose finding nothing means that they flag nothing: of models that may flag, with nothing kept from it. */
export function listFlaggingRuns(
  db: ReadableDb,
  { studyId, siteId }: { readonly studyId: string; readonly siteId: string },
): ReadonlySet<string> {
  const runs = prepared<{ runId: string }>(db, LIST_FLAGGING).all({ studyId, siteId });
  return new Set(runs.map(({ runId }) => runId));
}
