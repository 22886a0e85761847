import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { RetentionVerdict } from '../../../shared/contract/keeping.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { type ObjectRecord, sumSizes } from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type FreedFiles, freeObject } from './eviction.ts';
import { findRetentionFacts, judge, type RetentionRules, ruleFor } from './retention.ts';

const FIND_STUDY = `
  SELECT study_uid AS studyUid, patient_id AS patientId, correlation_id AS correlationId FROM studies WHERE study_id = ?
`;
/** Walks instances_by_study. */
const LIST_VERSIONS = `
  SELECT v.sop_uid AS sopUid, v.digest FROM instances i
    JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid WHERE i.study_id = ?
`;
/** Walks instances_by_study. */
const LIST_SOME = 'SELECT instance_id AS instanceId FROM instances WHERE study_id = ? LIMIT 64';
/** Walks the primary keys of instances and of their versions. */
export const LIST_VERSIONS_OF = `
  SELECT v.site_id AS siteId, v.sop_uid AS sopUid, v.digest FROM instances i
    JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid WHERE i.instance_id = ?
`;
/** Walks studies_half_deleted. */
export const LIST_HALF_DELETED = `
  SELECT study_id AS studyId FROM studies INDEXED BY studies_half_deleted
   WHERE site_id = ? AND deleted_at_ms IS NOT NULL AND evicted_at_ms IS NULL ORDER BY study_id
`;
const MARK_EMPTY = 'UPDATE studies SET evicted_at_ms = deleted_at_ms WHERE study_id = ?';
const FORGET_VERSION = [
  'DELETE FROM archive_proofs WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest',
  'DELETE FROM sent_versions WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest',
  'DELETE FROM instance_versions WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest',
  'DELETE FROM named_instances WHERE site_id = @siteId AND sop_uid = @sopUid',
];
/** Asks by instance_versions_by_instance whether a version refers to it. */
export const FORGET_INSTANCE = 'DELETE FROM instances WHERE instance_id = ?';
/** What other capabilities point to stays as a row without content; everything else of the study goes. */
const FORGET_STUDY = [
  'DELETE FROM study_names WHERE study_id = @studyId',
  'DELETE FROM study_assignments WHERE study_id = @studyId',
  'DELETE FROM study_expectations WHERE study_id = @studyId',
  'DELETE FROM sender_counts WHERE study_id = @studyId',
  'DELETE FROM study_associations WHERE study_id = @studyId',
  'DELETE FROM metadata_wanted WHERE study_id = @studyId',
  'DELETE FROM series_metadata WHERE series_id IN (SELECT series_id FROM series WHERE study_id = @studyId)',
  'DELETE FROM named_counts WHERE site_id = @siteId AND study_uid = @studyUid',
  'DELETE FROM availability_notices WHERE site_id = @siteId AND study_uid = @studyUid',
  `UPDATE series SET description = NULL, body_part = NULL, number = NULL, performed_date_raw = NULL, performed_time_raw = NULL,
          requests = NULL WHERE study_id = @studyId`,
  // Another study may come under this UID again: it is not this one.
  `UPDATE studies SET study_uid = 'deleted:' || study_id, deleted_at_ms = @atMs, evicted_objects = 0, evicted_at_ms = NULL,
          stated_name = '', stated_birth_date_raw = NULL, stated_sex = NULL, stated_issuer = NULL, accession = NULL, accession_issuer = NULL,
          description = NULL, body_part = NULL, laterality = NULL, referring_physician = NULL, dicom_study_id = NULL,
          date_raw = NULL, time_raw = NULL, zone_offset_raw = NULL, evidence = NULL WHERE study_id = @studyId`,
];
const LIST_STEPS =
  'SELECT step_id AS stepId FROM performed_step_studies WHERE site_id = @siteId AND study_uid = @studyUid';
const FORGET_STEP_LINKS = 'DELETE FROM performed_step_studies WHERE site_id = @siteId AND study_uid = @studyUid';
/** A step that other studies are of as well stays. */
const FORGET_STEP = `
  DELETE FROM performed_steps WHERE step_id = @stepId
     AND NOT EXISTS (SELECT 1 FROM performed_step_studies o WHERE o.site_id = @siteId AND o.step_id = @stepId)
`;
const IS_PATIENT_NEEDED = `
  SELECT 1 FROM studies WHERE patient_id = @patientId AND deleted_at_ms IS NULL
  UNION ALL SELECT 1 FROM study_assignments WHERE object_patient_id = @patientId
  UNION ALL SELECT 1 FROM patient_links WHERE undone_at_ms IS NULL AND (from_patient_id = @patientId OR to_patient_id = @patientId)
  LIMIT 1
`;
/** Whose a study given to another was by its objects. */
const FIND_OBJECT_PATIENT = 'SELECT object_patient_id AS patientId FROM study_assignments WHERE study_id = ?';
const FORGET_PATIENT = [
  'DELETE FROM patient_identifiers WHERE patient_id = @patientId',
  `UPDATE patients SET name = '', name_key = '', birth_date_raw = NULL, sex = NULL, identity_version = identity_version + 1
    WHERE patient_id = @patientId`,
];

/** What deletes: the rules of the study's site, and whether it is somebody's work still. */
export type Deletion = {
  readonly siteId: string;
  readonly studyId: string;
  readonly rules: RetentionRules;
  readonly isOpen: boolean;
  readonly atMs: number;
};

/**
 * Deletes a study where a rule in force says so and nothing stands in the way: from now on nothing tells any more whose it
 * was, and its patient is forgotten with the last of their studies. Its objects are then let go by `freeDeleted`. That it was
 * here, and which rule deleted it, stays in the ledger. Everything is judged anew, here and now.
 */
export function deleteStudy(
  db: WritableDb,
  { siteId, studyId, rules, isOpen, atMs }: Deletion,
): Result<null, { code: 'not-here' | 'kept' | Exclude<RetentionVerdict, 'delete'> }> {
  return inTransaction(db, () => {
    const facts = findRetentionFacts(db, siteId, studyId);
    const study = prepared<{ studyUid: string; patientId: string; correlationId: string }>(db, FIND_STUDY).get(studyId);
    if (facts === null || study === undefined) return err({ code: 'not-here' });
    const rule = ruleFor(rules, facts, atMs);
    if (rule === null || rule.action === 'keep') return err({ code: 'kept' });
    const verdict = judge(db, facts, rule, isOpen);
    if (verdict !== 'delete') return err({ code: verdict });
    const { studyUid, patientId, correlationId } = study;
    const digests = prepared<{ digest: string }>(db, LIST_VERSIONS)
      .all(studyId)
      .map(({ digest }) => digest);
    const byObjects = prepared<{ patientId: string }>(db, FIND_OBJECT_PATIENT).get(studyId)?.patientId ?? patientId;
    forgetSteps(db, siteId, studyUid);
    for (const sql of FORGET_STUDY) prepared(db, sql).run({ studyId, siteId, studyUid, atMs });
    for (const id of new Set([patientId, byObjects]))
      if (prepared(db, IS_PATIENT_NEEDED).get({ patientId: id }) === undefined)
        for (const sql of FORGET_PATIENT) prepared(db, sql).run({ patientId: id });
    appendEvent(db, {
      kind: 'study-deleted',
      payload: { rule: rule.name, objects: digests.length, bytes: sumSizes(db, digests) },
      ...{ siteId, studyId, patientId, actor: serviceActor('archive'), correlationId, atMs },
    });
    return ok(null);
  });
}

/** Studies of a site that are deleted and whose objects are not all let go yet: what a stop left. */
export function listHalfDeleted(db: ReadableDb, siteId: string): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_HALF_DELETED)
    .all(siteId)
    .map(({ studyId }) => studyId);
}

/**
 * Lets the objects of a deleted study go, those of 64 instances at a time, each step whole or not at all; the files given to
 * `freed` are then nobody's. Cut short, it goes on where it was.
 */
export async function freeDeleted(
  db: WritableDb,
  studyId: string,
  atMs: number,
  freed: (files: FreedFiles) => Promise<void>,
): Promise<void> {
  for (;;) {
    const files = inTransaction(db, () => forgetSome(db, studyId, atMs));
    if (files === null) return;
    await freed(files);
  }
}

/** Null once there is nothing more to forget, and the study's row says so. */
function forgetSome(db: WritableDb, studyId: string, atMs: number): readonly ObjectRecord[] | null {
  const instances = prepared<{ instanceId: string }>(db, LIST_SOME).all(studyId);
  if (instances.length === 0) {
    prepared(db, MARK_EMPTY).run(studyId);
    return null;
  }
  return instances.flatMap(({ instanceId }) => forgetInstance(db, { studyId, instanceId }, atMs));
}

/** Forgets one instance of a deleted study with all its versions, in the caller's transaction; gives the files that are nobody's then. */
export function forgetInstance(
  db: WritableDb,
  { studyId, instanceId }: { readonly studyId: string; readonly instanceId: string },
  atMs: number,
): readonly ObjectRecord[] {
  type Version = { readonly siteId: string; readonly sopUid: string; readonly digest: string };
  const files = prepared<Version>(db, LIST_VERSIONS_OF)
    .all(instanceId)
    .flatMap((version) => {
      const object = freeObject(db, { studyId, sopUid: version.sopUid, digest: version.digest }, atMs);
      for (const sql of FORGET_VERSION) prepared(db, sql).run(version);
      return object ?? [];
    });
  prepared(db, FORGET_INSTANCE).run(instanceId);
  return files;
}

function forgetSteps(db: WritableDb, siteId: string, studyUid: string): void {
  const steps = prepared<{ stepId: string }>(db, LIST_STEPS).all({ siteId, studyUid });
  prepared(db, FORGET_STEP_LINKS).run({ siteId, studyUid });
  for (const { stepId } of steps) prepared(db, FORGET_STEP).run({ siteId, stepId });
}
