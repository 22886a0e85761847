import { z } from 'zod';
import type { Completeness, CompletenessEvidence, Intent } from '../../../shared/domain/study.ts';
import type { Config } from '../platform/config.ts';
import { cancelJob, type JobHandler, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { countGaps } from './gaps.ts';

/** The job that judges a study complete by quiet time. */
export const QUIET_TIME_JOB = 'archive-quiet-time';

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
}

/** When an association ends: a CT whose associations all ended normally and whose volume has no gap is complete. */
export function judgeStudiesOf(db: WritableDb, associationId: string, atMs: number): void {
  for (const { studyId } of prepared<{ studyId: string }>(db, STUDIES_OF_ASSOCIATION).all(associationId)) {
    const progress = getProgress(db, studyId);
    if (progress.completeness !== 'receiving' || progress.modality !== 'CT') continue;
    const evidence = gatherEvidence(db, progress, 'association-ended-gapless-volume', null);
    if (evidence.associationsBroken === 0 && evidence.gaps === 0 && !hasOpenAssociation(db, studyId)) {
      complete(db, progress, 'complete', evidence, atMs);
    }
  }
}

/** The job's handler: silence long enough counts as complete, shown as assumed. */
export const judgeByQuietTime: JobHandler = (db, job) => {
  const progress = getProgress(db, job.subjectId);
  if (progress.completeness !== 'receiving') return;
  const atMs = job.dueAtMs;
  complete(db, progress, 'assumed', gatherEvidence(db, progress, 'quiet-time', atMs - progress.lastReceivedAtMs), atMs);
};

function complete(
  db: WritableDb,
  study: Progress,
  completeness: Completeness,
  evidence: CompletenessEvidence,
  atMs: number,
): void {
  prepared(db, COMPLETE_STUDY).run(completeness, atMs, JSON.stringify(evidence), study.studyId);
  cancelJob(db, QUIET_TIME_JOB, study.studyId);
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
