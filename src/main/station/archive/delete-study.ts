import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { RetentionVerdict } from '../../../shared/contract/keeping.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type FreedFiles, freeObject } from './eviction.ts';
import { findRetentionFacts, judge, type RetentionRules, ruleFor } from './retention.ts';

const FIND_STUDY = `
  SELECT study_uid AS studyUid, patient_id AS patientId, correlation_id AS correlationId FROM studies WHERE study_id = ?
`;
/** Walks instances_by_study. */
const LIST_VERSIONS = `
  SELECT i.instance_id AS instanceId, v.sop_uid AS sopUid, v.digest FROM instances i
    JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid WHERE i.study_id = ?
`;
const FORGET_VERSION = [
  'DELETE FROM archive_proofs WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest',
  'DELETE FROM instance_versions WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest',
  'DELETE FROM named_instances WHERE site_id = @siteId AND sop_uid = @sopUid',
];
const FORGET_INSTANCE = 'DELETE FROM instances WHERE instance_id = ?';
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
  `UPDATE studies SET study_uid = 'deleted:' || study_id, deleted_at_ms = @atMs, evicted_objects = 0, evicted_at_ms = @atMs,
          stated_name = '', stated_birth_date_raw = NULL, stated_sex = NULL, accession = NULL, accession_issuer = NULL,
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
  UNION ALL SELECT 1 FROM patient_links WHERE undone_at_ms IS NULL AND (from_patient_id = @patientId OR to_patient_id = @patientId)
  LIMIT 1
`;
const FORGET_PATIENT = [
  'DELETE FROM patient_identifiers WHERE patient_id = @patientId',
  `UPDATE patients SET name = '', name_key = '', birth_date_raw = NULL, sex = NULL, identity_version = identity_version + 1
    WHERE patient_id = @patientId`,
];

/** What deletes: the rules of the study's site, and whether it is still on the open worklist. */
export type Deletion = {
  readonly siteId: string;
  readonly studyId: string;
  readonly rules: RetentionRules;
  readonly isOpen: boolean;
  readonly atMs: number;
};

/**
 * Deletes a study where a rule in force says so and nothing stands in the way: its files are nobody's then, nothing tells
 * any more whose it was, and its patient is forgotten with the last of their studies. That it was here, and which rule
 * deleted it, stays in the ledger. Everything is judged anew, here and now.
 */
export function deleteStudy(
  db: WritableDb,
  { siteId, studyId, rules, isOpen, atMs }: Deletion,
): Result<
  { readonly files: FreedFiles; readonly bytes: number },
  { code: 'not-here' | 'kept' | Exclude<RetentionVerdict, 'delete'> }
> {
  return inTransaction(db, () => {
    const facts = findRetentionFacts(db, siteId, studyId);
    const study = prepared<{ studyUid: string; patientId: string; correlationId: string }>(db, FIND_STUDY).get(studyId);
    if (facts === null || study === undefined) return err({ code: 'not-here' });
    const rule = ruleFor(rules, facts, atMs);
    if (rule === null || rule.action === 'keep') return err({ code: 'kept' });
    const verdict = judge(db, facts, rule, isOpen);
    if (verdict !== 'delete') return err({ code: verdict });
    const files = forgetObjects(db, siteId, studyId, atMs);
    const { studyUid, patientId, correlationId } = study;
    forgetSteps(db, siteId, studyUid);
    for (const sql of FORGET_STUDY) prepared(db, sql).run({ studyId, siteId, studyUid, atMs });
    if (prepared(db, IS_PATIENT_NEEDED).get({ patientId }) === undefined)
      for (const sql of FORGET_PATIENT) prepared(db, sql).run({ patientId });
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    appendEvent(db, {
      kind: 'study-deleted',
      payload: { rule: rule.name, objects: files.length, bytes },
      ...{ siteId, studyId, patientId, actor: serviceActor('archive'), correlationId, atMs },
    });
    return ok({ files, bytes });
  });
}

function forgetObjects(db: WritableDb, siteId: string, studyId: string, atMs: number): readonly ObjectRecord[] {
  const versions = prepared<{ instanceId: string; sopUid: string; digest: string }>(db, LIST_VERSIONS).all(studyId);
  const files: ObjectRecord[] = [];
  for (const { sopUid, digest } of versions) {
    const object = freeObject(db, { studyId, sopUid, digest }, atMs);
    if (object !== null) files.push(object);
    for (const sql of FORGET_VERSION) prepared(db, sql).run({ siteId, sopUid, digest });
  }
  for (const instanceId of new Set(versions.map((version) => version.instanceId)))
    prepared(db, FORGET_INSTANCE).run(instanceId);
  return files;
}

function forgetSteps(db: WritableDb, siteId: string, studyUid: string): void {
  const steps = prepared<{ stepId: string }>(db, LIST_STEPS).all({ siteId, studyUid });
  prepared(db, FORGET_STEP_LINKS).run({ siteId, studyUid });
  for (const { stepId } of steps) prepared(db, FORGET_STEP).run({ siteId, stepId });
}
