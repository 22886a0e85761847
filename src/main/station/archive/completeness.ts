import { z } from 'zod';
import type { Completeness, CompletenessEvidence, Intent } from '../../../shared/domain/study.ts';
import type { Config } from '../platform/config.ts';
import { cancelJob, type JobHandler, listJobSubjects, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { countGaps } from './gaps.ts';

/** The jobs that judge a study complete by quiet time, and by its volume once no further association follows. */
const QUIET_TIME_JOB = 'archive-quiet-time';
const SETTLING_JOB = 'archive-settling';

/** Starting values are the site's to change; ms of silence after which nothing more is expected, by modality. */
export type QuietTimes = Config['completeness'];

const STUDIES_OF_ASSOCIATION = 'SELECT study_id AS studyId FROM study_associations WHERE association_id = ?';
const FIND_PROGRESS = `
  SELECT s.study_id AS studyId, s.site_id AS siteId, s.patient_id AS patientId, s.correlation_id AS correlationId, s.intent, s.modality,
         s.completeness, s.study_revision AS revision, s.last_received_at_ms AS lastReceivedAtMs,
         (SELECT count(*) FROM instances i WHERE i.study_id = s.study_id) AS instances,
         (SELECT count(*) FROM series x WHERE x.study_id = s.study_id) AS seriesCount
    FROM studies s WHERE s.study_id = ?
`;
const LIST_ASSOCIATION_STATES = `
  SELECT a.state FROM study_associations s JOIN associations a ON a.association_id = s.association_id WHERE s.study_id = ?
`;
const LIST_PLACES = `
  SELECT i.series_id AS seriesId, v.attributes FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ?
`;
const COMPLETE_STUDY = `
  UPDATE studies SET completeness = ?, complete_at_ms = coalesce(complete_at_ms, ?), complete_revision = study_revision, evidence = ?
   WHERE study_id = ?
`;
const Place = z.object({
  position: z.array(z.number()).nullable(),
  orientation: z.array(z.number()).nullable(),
  sliceThicknessMm: z.number().nullable().optional(),
});

type Progress = {
  readonly studyId: string;
  readonly siteId: string;
  readonly patientId: string;
  readonly correlationId: string;
  readonly intent: Intent;
  readonly modality: string;
  readonly completeness: Completeness;
  readonly revision: number;
  readonly lastReceivedAtMs: number;
  readonly instances: number;
  readonly seriesCount: number;
};

/** After each arrival: the study is receiving, and quiet time starts anew. */
export function expectMore(
  db: WritableDb,
  study: { studyId: string; siteId: string; modality: string },
  quiet: QuietTimes,
  atMs: number,
): void {
  const quietMs = quiet.quietMs[study.modality] ?? quiet.quietOtherMs;
  scheduleJob(db, { kind: QUIET_TIME_JOB, subjectId: study.studyId, siteId: study.siteId, dueAtMs: atMs + quietMs });
  cancelJob(db, SETTLING_JOB, study.studyId);
}

/** At a start: nobody listened while the station was down, so every study still receiving has its quiet time from now. */
export function waitAnew(db: WritableDb, quiet: QuietTimes, atMs: number): void {
  inTransaction(db, () => {
    const settling = new Set(listJobSubjects(db, SETTLING_JOB));
    for (const studyId of listJobSubjects(db, QUIET_TIME_JOB)) {
      const study = getProgress(db, studyId);
      expectMore(db, study, quiet, atMs);
      if (settling.has(studyId)) letSettle(db, study, atMs + quiet.settleMs);
    }
  });
}

/**
 * When an association ends: a CT whose associations all ended normally and whose volume has no gap is complete. At once,
 * where this association brought all of it; some modalities send one association a slice, and then any slice may look
 * like the last: such a study settles first.
 */
export function judgeStudiesOf(db: WritableDb, associationId: string, atMs: number, settleMs: number): void {
  for (const { studyId } of prepared<{ studyId: string }>(db, STUDIES_OF_ASSOCIATION).all(associationId)) {
    const progress = getProgress(db, studyId);
    const evidence = gatherVolume(db, progress);
    if (evidence === null) continue;
    if (evidence.associationsReleased === 1 || settleMs === 0) complete(db, progress, 'complete', evidence, atMs);
    else letSettle(db, progress, atMs + settleMs);
  }
}

function letSettle(db: WritableDb, { studyId, siteId }: Progress, dueAtMs: number): void {
  scheduleJob(db, { kind: SETTLING_JOB, subjectId: studyId, siteId, dueAtMs });
}

/** The evidence that all of a CT is here, or null: it is complete already, or something speaks against it. */
function gatherVolume(db: ReadableDb, study: Progress): CompletenessEvidence | null {
  if (study.completeness !== 'receiving' || study.modality !== 'CT') return null;
  const evidence = gatherEvidence(db, study, 'association-ended-gapless-volume', null);
  const isWhole = evidence.associationsBroken === 0 && evidence.gaps === 0 && !hasOpenAssociation(db, study.studyId);
  return isWhole ? evidence : null;
}

/** The handlers of the jobs that complete studies, for a station that has listened since `sinceMs`. */
export function completenessJobs(sinceMs: number): Readonly<Record<string, JobHandler>> {
  return {
    /** Silence long enough counts as complete, shown as assumed; only what the station could hear is silence. */
    [QUIET_TIME_JOB](db, job, nowMs) {
      const progress = getProgress(db, job.subjectId);
      if (progress.completeness !== 'receiving') return;
      const quietForMs = nowMs - Math.max(progress.lastReceivedAtMs, sinceMs);
      complete(db, progress, 'assumed', gatherEvidence(db, progress, 'quiet-time', quietForMs), nowMs);
    },
    /** No further association came in time. */
    [SETTLING_JOB](db, job, nowMs) {
      const progress = getProgress(db, job.subjectId);
      const evidence = gatherVolume(db, progress);
      if (evidence !== null) complete(db, progress, 'complete', evidence, nowMs);
    },
  };
}

function complete(
  db: WritableDb,
  study: Progress,
  completeness: Completeness,
  evidence: CompletenessEvidence,
  atMs: number,
): void {
  prepared(db, COMPLETE_STUDY).run(completeness, atMs, JSON.stringify(evidence), study.studyId);
  cancelJob(db, QUIET_TIME_JOB, study.studyId);
  cancelJob(db, SETTLING_JOB, study.studyId);
  appendEvent(db, {
    kind: 'study-completed',
    payload: { completeness, revision: study.revision, intent: study.intent, evidence },
    siteId: study.siteId,
    studyId: study.studyId,
    patientId: study.patientId,
    actor: serviceActor('archive'),
    correlationId: study.correlationId,
    atMs,
  });
}

function gatherEvidence(
  db: ReadableDb,
  study: Progress,
  rule: CompletenessEvidence['rule'],
  quietForMs: number | null,
): CompletenessEvidence {
  const states = prepared<{ state: string }>(db, LIST_ASSOCIATION_STATES).all(study.studyId);
  const places = prepared<{ seriesId: string; attributes: string }>(db, LIST_PLACES).all(study.studyId);
  const bySeries = Map.groupBy(places, ({ seriesId }) => seriesId);
  const gaps = [...bySeries.values()].map((rows) =>
    countGaps(rows.map(({ attributes }) => Place.parse(JSON.parse(attributes)))),
  );
  const told = gaps.filter((count) => count !== null);
  return {
    rule,
    instances: study.instances,
    series: study.seriesCount,
    quietForMs,
    associationsReleased: states.filter(({ state }) => state === 'released').length,
    associationsBroken: states.filter(({ state }) => state === 'aborted' || state === 'failed').length,
    gaps: told.length === 0 ? null : told.reduce((sum, count) => sum + count, 0),
  };
}

function hasOpenAssociation(db: ReadableDb, studyId: string): boolean {
  return prepared<{ state: string }>(db, LIST_ASSOCIATION_STATES)
    .all(studyId)
    .some(({ state }) => state === 'open');
}

function getProgress(db: ReadableDb, studyId: string): Progress {
  const progress = prepared<Progress>(db, FIND_PROGRESS).get(studyId);
  if (progress === undefined) throw new Error(`study ${studyId} is not in the archive`);
  return progress;
}
