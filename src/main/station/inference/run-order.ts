import type { ModelManifest, ModelUse } from '../../../shared/domain/model-manifest.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ExposureStage } from './models.ts';
import { type Run, RUN_COLUMNS } from './run-rows.ts';

/** How urgent a study's runs are, as its order, its triage or whoever asked for them says. */
export const RUN_PRIORITIES = ['routine', 'urgent', 'stat'] as const;
export type RunPriority = (typeof RUN_PRIORITIES)[number];

/** Who says so; the most urgent of what they say counts. `asked`: whoever asked for an analysis. */
export type PrioritySource = 'triage' | 'asked';

/** Runs wait in lanes, and a lane waits for those before it. Persisted as numbers, so that an index holds the order. */
export const LANES = { stat: 0, urgent: 1, routine: 2, silent: 3 } as const;

/** A model that may flag nothing costs least to wait for. */
const FLAGS_NOTHING = 4;
/** Who waited this long is let through out of turn, one run in so many: a stream of urgent studies stops nobody for ever. */
export const LONGEST_WAIT_MS = 30 * 60_000;
export const ONE_IN = 5;

const PUT_PRIORITY = `
  INSERT INTO run_priorities (study_id, source, priority, set_at_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT (study_id, source) DO UPDATE SET priority = excluded.priority, set_at_ms = excluded.set_at_ms
   WHERE priority IS NOT excluded.priority
`;
const LIST_PRIORITIES = 'SELECT priority FROM run_priorities WHERE study_id = ?';
/** Walks runs_by_study. What is silent stays behind everything whatever its study is. */
export const CHANGE_LANE = `
  UPDATE runs SET lane = @lane WHERE study_id = @studyId AND lane NOT IN (@lane, ${LANES.silent}) AND state IN ('queued', 'running', 'failed')
`;
/** Models whose runs may begin: their golden cases hold here, and their breaker is not open. */
const LIST_STARTABLE = `
  SELECT m.digest FROM models m LEFT JOIN model_breakers b ON b.digest = m.digest
   WHERE m.state = 'verified' AND coalesce(b.state, 'closed') <> 'open'
`;
/** Walks runs_in_turn: one step a model, however many wait. */
export const FIRST_IN_TURN = `
  SELECT ${RUN_COLUMNS} FROM runs WHERE model_digest = ? AND state = 'queued' AND is_resting = 0
   ORDER BY lane, cost, turn_at_ms, run_id LIMIT 1
`;
/** Walks runs_waiting_longest. */
export const WAITING_LONGEST = `
  SELECT ${RUN_COLUMNS} FROM runs
   WHERE model_digest = ? AND state = 'queued' AND is_resting = 0 AND lane < ${LANES.silent} AND turn_at_ms <= ?
   ORDER BY turn_at_ms, run_id LIMIT 1
`;
const SINCE_LONGEST = 'SELECT since_longest AS since FROM run_turns';
const COUNT_TURN = `
  INSERT INTO run_turns (one, since_longest) VALUES (1, @since)
  ON CONFLICT (one) DO UPDATE SET since_longest = CASE WHEN @since = 0 THEN 0 ELSE since_longest + 1 END
`;

/** The lane of a new run of a study. */
export function laneOf(db: ReadableDb, studyId: string, stage: ExposureStage): number {
  if (stage !== 'pilot' && stage !== 'general') return LANES.silent;
  return laneOfStudy(db, studyId);
}

/** What waiting for a model costs: the most urgent category (1 to 3) it may flag; 4 where its uses let it flag nothing. */
export function costOf({ labels }: Pick<ModelManifest, 'labels'>, uses: readonly ModelUse[]): number {
  if (!uses.includes('flag')) return FLAGS_NOTHING;
  return Math.min(FLAGS_NOTHING, ...labels.map(({ acrCategory }) => acrCategory));
}

/** A study's priority from now on: what it has waiting takes its new place at once, and what comes later begins there. */
export function setRunPriority(
  db: WritableDb,
  studyId: string,
  source: PrioritySource,
  priority: RunPriority,
  atMs: number,
): void {
  inTransaction(db, () => {
    if (prepared(db, PUT_PRIORITY).run(studyId, source, priority, atMs).changes === 0) return;
    prepared(db, CHANGE_LANE).run({ lane: laneOfStudy(db, studyId), studyId });
  });
}

function laneOfStudy(db: ReadableDb, studyId: string): number {
  const said = prepared<{ priority: RunPriority }>(db, LIST_PRIORITIES).all(studyId);
  return Math.min(LANES.routine, ...said.map(({ priority }) => LANES[priority]));
}

/** The most urgent of what waits and may begin; null where nothing does. */
export function firstInTurn(db: ReadableDb): Run | null {
  const firsts = listStartable(db).flatMap(({ digest }) => prepared<Run>(db, FIRST_IN_TURN).get(digest) ?? []);
  return firsts.toSorted(inTurn)[0] ?? null;
}

/**
 * The run whose turn it is, of the models that may run: by lane, then by what waiting costs, then by who waits longest; null
 * where none may begin. `isLetThrough`: its wait was over the bound, and it goes before more urgent ones.
 */
export function nextQueuedRun(db: ReadableDb, nowMs: number): (Run & { readonly isLetThrough: boolean }) | null {
  const first = firstInTurn(db);
  if (first === null) return null;
  if ((prepared<{ since: number }>(db, SINCE_LONGEST).get()?.since ?? 0) < ONE_IN - 1)
    return { ...first, isLetThrough: false };
  const [longest] = listStartable(db)
    .flatMap(({ digest }) => prepared<Run>(db, WAITING_LONGEST).get(digest, nowMs - LONGEST_WAIT_MS) ?? [])
    .toSorted((a, b) => a.turnAtMs - b.turnAtMs);
  return longest === undefined || longest.runId === first.runId
    ? { ...first, isLetThrough: false }
    : { ...longest, isLetThrough: true };
}

/** Counts a run that begins, so that the next one in so many is who waited longest. */
export function countTurn(db: WritableDb, isLetThrough: boolean): void {
  prepared(db, COUNT_TURN).run({ since: isLetThrough ? 0 : 1 });
}

function listStartable(db: ReadableDb): readonly { readonly digest: string }[] {
  return prepared<{ digest: string }>(db, LIST_STARTABLE).all();
}

function inTurn(a: Run, b: Run): number {
  return a.lane - b.lane || a.cost - b.cost || a.turnAtMs - b.turnAtMs || (a.runId < b.runId ? -1 : 1);
}
