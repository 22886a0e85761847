import { DAY_MS } from '../../../shared/domain/durations.ts';
import type { EventKind } from '../../../shared/domain/event-kinds.ts';
import { findImageSource, type ImageSource } from '../archive/index.ts';
import type { Consumer } from '../platform/ledger/follow.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { binOfSpan, type FinishedRun, isOfInput, timingsOf, valuesOf } from './measured-run.ts';

/** What may change what a study came to for a model. */
const CHANGES_EXAMS: ReadonlySet<EventKind> = new Set([
  'study-completed',
  'study-promoted',
  'study-split',
  'instances-hidden',
  'identity-undone',
  'study-moved',
  'patients-merged',
  'run-queued',
  'run-not-queued',
  'run-finished',
  'run-failed',
]);

/** Every model made for the exam, with the run that stands for it at the revision last judged; no early one, which may be of another series. */
const LIST_EXAMS = `
  SELECT a.digest, a.state, r.state AS runState, r.reason, r.series_id AS seriesId FROM model_applicability a
    LEFT JOIN runs r ON r.study_id = a.study_id AND r.study_revision = a.study_revision AND r.model_digest = a.digest
          AND r.is_early = 0
   WHERE a.study_id = ? AND a.state <> 'no-model'
   ORDER BY r.state = 'finished', r.queued_at_ms
`;
const FIND_EXAM = `
  SELECT day, source_id AS sourceId, outcome FROM model_exams WHERE study_id = ? AND digest = ?
`;
const PUT_EXAM = `
  INSERT INTO model_exams (study_id, digest, site_id, day, source_id, outcome)
  VALUES (@studyId, @digest, @siteId, @day, @sourceId, @outcome)
  ON CONFLICT (study_id, digest) DO UPDATE SET source_id = excluded.source_id, outcome = excluded.outcome
`;
const COUNT_DAY = `
  INSERT INTO model_days (site_id, digest, day, source_id, outcome, exams) VALUES (@siteId, @digest, @day, @sourceId, @outcome, 1)
  ON CONFLICT (site_id, digest, day, source_id, outcome) DO UPDATE SET exams = exams + 1
`;
const UNCOUNT_DAY = `
  UPDATE model_days SET exams = exams - 1
   WHERE site_id = @siteId AND digest = @digest AND day = @day AND source_id = @sourceId AND outcome = @outcome
`;
const PUT_SOURCE = `
  INSERT INTO exam_sources (site_id, manufacturer, scanner, protocol) VALUES (@siteId, @manufacturer, @scanner, @protocol)
  ON CONFLICT DO NOTHING
`;
const FIND_SOURCE = `
  SELECT source_id AS sourceId FROM exam_sources
   WHERE site_id = @siteId AND manufacturer = @manufacturer AND scanner = @scanner AND protocol = @protocol
`;
const FIND_FINISHED = `
  SELECT site_id AS siteId, study_id AS studyId, series_id AS seriesId, model_digest AS digest, stage, is_early AS isEarly,
         queued_at_ms AS queuedAtMs, started_at_ms AS startedAtMs, finished_at_ms AS finishedAtMs
    FROM runs WHERE run_id = ? AND started_at_ms IS NOT NULL AND finished_at_ms IS NOT NULL
`;
/** Walks runs_by_study. */
export const HAS_BEEN_COUNTED = `
  SELECT 1 FROM runs WHERE study_id = @studyId AND model_digest = @digest AND series_id = @seriesId AND run_id <> @runId
     AND is_early = 0 AND receipt IS NOT NULL LIMIT 1
`;
const COUNT_TIMING = `
  INSERT INTO model_timings (site_id, digest, day, step, bin, runs) VALUES (@siteId, @digest, @day, @step, @bin, 1)
  ON CONFLICT (site_id, digest, day, step, bin) DO UPDATE SET runs = runs + 1
`;
const COUNT_VALUE = `
  INSERT INTO model_values (site_id, digest, week, is_silent, feature, bin, runs)
  VALUES (@siteId, @digest, @week, @isSilent, @feature, @bin, 1)
  ON CONFLICT (site_id, digest, week, is_silent, feature, bin) DO UPDATE SET runs = runs + 1
`;

/** Counts what every exam came to, in rows of a day: nobody reads the runs for a figure. */
export const measuringConsumer: Consumer = {
  name: 'inference-measuring',
  startsFrom: 'beginning',
  handle(db, event) {
    if (event.siteId === null || event.studyId === null || !CHANGES_EXAMS.has(event.kind)) return;
    countExams(db, event.siteId, event.studyId, event.atMs);
  },
};

/** The day of a moment, in days since 1970-01-01, UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** The week of a day: from Monday to Sunday, week 0 began on 1969-12-29. */
export function weekOf(day: number): number {
  return Math.floor((day + 3) / 7);
}

function countExams(db: WritableDb, siteId: string, studyId: string, atMs: number): void {
  type Exam = {
    readonly digest: string;
    readonly state: 'no-eligible-series' | 'eligible';
    readonly runState: string | null;
    readonly reason: string | null;
    readonly seriesId: string | null;
  };
  // Of several runs of one model the finished one comes last, and so stands.
  const exams = new Map(
    prepared<Exam>(db, LIST_EXAMS)
      .all(studyId)
      .map((exam) => [exam.digest, exam]),
  );
  for (const { digest, state, runState, reason, seriesId } of exams.values()) {
    const outcome =
      state === 'no-eligible-series'
        ? state
        : runState === 'finished'
          ? 'finished'
          : runState === 'failed'
            ? (reason ?? 'internal')
            : 'open';
    const before = prepared<{ day: number; sourceId: number; outcome: string }>(db, FIND_EXAM).get(studyId, digest);
    const sourceId = idOfSource(db, siteId, findImageSource(db, studyId, seriesId));
    if (before?.outcome === outcome && before.sourceId === sourceId) continue;
    const exam = { studyId, digest, siteId, day: before?.day ?? dayOf(atMs), sourceId, outcome };
    if (before !== undefined) prepared(db, UNCOUNT_DAY).run({ siteId, digest, ...before });
    prepared(db, PUT_EXAM).run(exam);
    prepared(db, COUNT_DAY).run({ siteId, digest, day: exam.day, sourceId, outcome });
  }
}

type FinishedRow = Omit<FinishedRun, 'result'> & {
  readonly siteId: string;
  readonly studyId: string;
  readonly seriesId: string;
  readonly digest: string;
  readonly stage: string;
  readonly isEarly: 0 | 1;
};

/**
 * Counts how long a run took and what it read and gave: by the transaction that ends it, and so once. Of an early one the time alone:
 * what it read and gave is counted when it is the study's own (`countValues`), or of the run that reads the study then.
 */
export function measureRun(db: WritableDb, runId: string, result: unknown): void {
  const run = prepared<FinishedRow>(db, FIND_FINISHED).get(runId);
  if (run === undefined) return;
  const { siteId, digest, finishedAtMs } = run;
  for (const [step, tookMs] of timingsOf({ ...run, result }))
    prepared(db, COUNT_TIMING).run({ siteId, digest, day: dayOf(finishedAtMs), step, bin: binOfSpan(tookMs) });
  if (run.isEarly === 0) countValues(db, runId, result);
}

/** Counts what a finished run read and gave. Of a study whose series the model read before it counts what it gave: what comes in is counted once. */
export function countValues(db: WritableDb, runId: string, result: unknown): void {
  const run = prepared<FinishedRow>(db, FIND_FINISHED).get(runId);
  if (run === undefined) return;
  const { siteId, digest, studyId, seriesId, stage, finishedAtMs } = run;
  const isKnown = prepared(db, HAS_BEEN_COUNTED).get({ studyId, digest, seriesId, runId }) !== undefined;
  const source = findImageSource(db, studyId, seriesId);
  for (const [feature, bin] of valuesOf({ ...run, result }, source)) {
    if (isKnown && isOfInput(feature)) continue;
    const week = weekOf(dayOf(finishedAtMs));
    prepared(db, COUNT_VALUE).run({ siteId, digest, week, isSilent: stage === 'silent' ? 1 : 0, feature, bin });
  }
}

function idOfSource(db: WritableDb, siteId: string, { manufacturer, scanner, protocol }: ImageSource): number {
  const source = { siteId, manufacturer, scanner, protocol };
  const find = () => prepared<{ sourceId: number }>(db, FIND_SOURCE).get(source)?.sourceId;
  const known = find();
  if (known !== undefined) return known;
  prepared(db, PUT_SOURCE).run(source);
  const made = find();
  if (made === undefined) throw new Error('an exam source was not kept');
  return made;
}
