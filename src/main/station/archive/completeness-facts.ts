import type { Completeness, EvidenceSource, Intent } from '../../../shared/domain/study.ts';
import { CompletenessEvidence } from '../../../shared/domain/study.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { CompletenessFacts } from './completeness-rules.ts';
import { countGaps, type SlicePlace } from './gaps.ts';
import { findNamedCounts } from './named-instances.ts';

/** A study as judging it needs it. */
export type Progress = {
  readonly studyId: string;
  readonly siteId: string;
  readonly studyUid: string;
  readonly patientId: string;
  readonly correlationId: string;
  readonly intent: Intent;
  readonly modality: string;
  readonly completeness: Completeness;
  readonly completeRevision: number | null;
  readonly revision: number;
  readonly evidence: CompletenessEvidence | null;
  readonly instances: number;
  readonly seriesCount: number;
};

const FIND_PROGRESS = `
  SELECT s.study_id AS studyId, s.site_id AS siteId, s.study_uid AS studyUid, s.patient_id AS patientId,
         s.correlation_id AS correlationId, s.intent, s.modality, s.completeness, s.complete_revision AS completeRevision,
         s.study_revision AS revision, s.evidence,
         (SELECT count(*) FROM instances i WHERE i.study_id = s.study_id) AS instances,
         (SELECT count(*) FROM series x WHERE x.study_id = s.study_id) AS seriesCount
    FROM studies s WHERE s.study_id = ?
`;
/** Walks study_associations from the study. */
export const COUNT_ASSOCIATIONS = `
  SELECT coalesce(sum(a.state = 'open'), 0) AS open, coalesce(sum(a.state = 'released'), 0) AS released,
         coalesce(sum(a.state IN ('aborted', 'failed')), 0) AS broken
    FROM study_associations s JOIN associations a ON a.association_id = s.association_id WHERE s.study_id = ?
`;
const COUNT_STEPS = `
  SELECT coalesce(sum(p.state = 'in-progress'), 0) AS inProgress, coalesce(sum(p.state = 'completed'), 0) AS completed,
         coalesce(sum(p.state = 'discontinued'), 0) AS discontinued
    FROM performed_step_studies s JOIN performed_steps p ON p.step_id = s.step_id WHERE s.site_id = ? AND s.study_uid = ?
`;
/** Walks availability_notices_by_study. */
export const COUNT_NOTICES = 'SELECT count(*) AS notices FROM availability_notices WHERE site_id = ? AND study_uid = ?';
const FIND_EXPECTED = `
  SELECT max(CASE what WHEN 'order' THEN instances END) AS ordered,
         max(CASE what WHEN 'count-at-sender' THEN instances END) AS countedAtSender
    FROM study_expectations WHERE study_id = ?
`;
const LIST_PLACES = `
  SELECT i.series_id AS seriesId, v.attributes FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ?
`;
/** The newest twenty of each: nobody reads more, and a study has one or two. */
const LIST_STEPS = `
  SELECT 'performed-steps' AS kind, p.peer_id AS "from", p.state, p.instances, coalesce(p.ended_at_ms, p.started_at_ms) AS atMs
    FROM performed_step_studies s JOIN performed_steps p ON p.step_id = s.step_id WHERE s.site_id = ? AND s.study_uid = ?
   ORDER BY atMs DESC LIMIT 20
`;
const LIST_NOTICES = `
  SELECT 'availability-notices' AS kind, peer_id AS "from", NULL AS state, instances, received_at_ms AS atMs
    FROM availability_notices WHERE site_id = ? AND study_uid = ? ORDER BY atMs DESC LIMIT 20
`;
const LIST_EXPECTATIONS = `
  SELECT what AS kind, source AS "from", NULL AS state, instances, expected_at_ms AS atMs
    FROM study_expectations WHERE study_id = ? ORDER BY atMs DESC LIMIT 20
`;

/** A study that must be in the archive. */
export function getProgress(db: ReadableDb, studyId: string): Progress {
  const row = prepared<Omit<Progress, 'evidence'> & { evidence: string | null }>(db, FIND_PROGRESS).get(studyId);
  if (row === undefined) throw new Error(`study ${studyId} is not in the archive`);
  return { ...row, evidence: row.evidence === null ? null : CompletenessEvidence.parse(JSON.parse(row.evidence)) };
}

/** The facts by which a study is judged; its geometry is read once, and only when asked for. */
export function gatherFacts(
  db: ReadableDb,
  study: Progress,
): CompletenessFacts & { readonly hasAskedForGaps: () => boolean } {
  const { siteId, studyUid, studyId } = study;
  let gaps: { readonly count: number | null } | null = null;
  return {
    instances: study.instances,
    steps: prepared<CompletenessFacts['steps']>(db, COUNT_STEPS).get(siteId, studyUid) ?? {
      ...{ inProgress: 0, completed: 0, discontinued: 0 },
    },
    notices: prepared<{ notices: number }>(db, COUNT_NOTICES).get(siteId, studyUid)?.notices ?? 0,
    ...findNamedCounts(db, siteId, studyUid),
    ...(prepared<Pick<CompletenessFacts, 'ordered' | 'countedAtSender'>>(db, FIND_EXPECTED).get(studyId) ?? {
      ...{ ordered: null, countedAtSender: null },
    }),
    associations: prepared<CompletenessFacts['associations']>(db, COUNT_ASSOCIATIONS).get(studyId) ?? {
      ...{ open: 0, released: 0, broken: 0 },
    },
    gaps: () => (gaps ??= { count: countStudyGaps(db, studyId) }).count,
    hasAskedForGaps: () => gaps !== null,
  };
}

/** Who said how much there is of a study, newest first. */
export function listSources(db: ReadableDb, { siteId, studyUid, studyId }: Progress): EvidenceSource[] {
  return [
    ...prepared<EvidenceSource>(db, LIST_STEPS).all(siteId, studyUid),
    ...prepared<EvidenceSource>(db, LIST_NOTICES).all(siteId, studyUid),
    ...prepared<EvidenceSource>(db, LIST_EXPECTATIONS).all(studyId),
  ];
}

/** How many places the study's volumes leave open together; null where none of its series is a volume. */
function countStudyGaps(db: ReadableDb, studyId: string): number | null {
  const places = prepared<{ seriesId: string; attributes: string }>(db, LIST_PLACES).all(studyId);
  const gaps = [...Map.groupBy(places, ({ seriesId }) => seriesId).values()].map(
    (rows) => countGaps(rows.map(({ attributes }) => JSON.parse(attributes) as SlicePlace)), // as filed
  );
  const told = gaps.filter((count) => count !== null);
  return told.length === 0 ? null : told.reduce((sum, count) => sum + count, 0);
}
