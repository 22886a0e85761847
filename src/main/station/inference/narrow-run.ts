import { RUNNING_STAGES } from '../../../shared/domain/exposure.ts';
import { getStudyCard } from '../archive/index.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { findExposure, isFit, shownAs } from './exposure-rows.ts';
import { findModel } from './models.ts';
import { costOfRun } from './run-cost.ts';
import { laneOf } from './run-order.ts';
import { getRun } from './run-rows.ts';

const CHANGE_OPEN_RUN = `
  UPDATE runs SET stage = @stage, audience = @audience, lane = @lane, cost = @cost
   WHERE run_id = @runId AND state IN ('queued', 'running')
     AND (stage, audience, lane, cost) IS NOT (@stage, @audience, @lane, @cost)
`;

/**
 * Lets a run that waits or computes show no more than its model's exposure allows now, and gives it the place in the order
 * that goes with that. `unavailable`: the model is to run no more at that site, and the run is to end. A run that nobody was
 * told of stays so, however far its model reaches by now.
 */
export function narrowRun(db: WritableDb, runId: string): 'stands' | 'unavailable' {
  const { siteId, studyId, modelDigest, stage } = getRun(db, runId);
  const { stage: now } = findExposure(db, siteId, modelDigest);
  if (!RUNNING_STAGES.has(now)) return 'unavailable';
  const model = findModel(db, modelDigest);
  // A manifest of an older form has no package that could run; that ends its runs elsewhere.
  if (model === null) return 'stands';
  const allowed = isFit(db, modelDigest) ? now : 'silent';
  const shown =
    stage === 'silent'
      ? { stage, audience: null }
      : allowed === 'general'
        ? { stage, audience: audienceOf(db, runId) }
        : shownAs(db, allowed, model, getStudyCard(db, studyId));
  prepared(db, CHANGE_OPEN_RUN).run({
    ...{ runId, stage: shown.stage, lane: laneOf(db, studyId, shown.stage) },
    audience: shown.audience === null ? null : JSON.stringify(shown.audience),
    cost: costOfRun(db, siteId, model),
  });
  return 'stands';
}

const FIND_AUDIENCE = 'SELECT audience FROM runs WHERE run_id = ?';

function audienceOf(db: WritableDb, runId: string): readonly string[] | null {
  const text = prepared<{ audience: string | null }>(db, FIND_AUDIENCE).get(runId)?.audience ?? null;
  return text === null ? null : (JSON.parse(text) as string[]);
}
