import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';
import { findObject } from '../platform/objects/records.ts';
import { IS_SHOWN } from './find-patients.ts';
import type { ImageAttributes } from './file-version.ts';

/** A series as pages and models see it: what is hidden is not of it, and a series hidden whole is not there. */
export type SeriesSummary = {
  readonly seriesId: string;
  readonly studyId: string;
  readonly seriesUid: string;
  readonly modality: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly bodyPart: string | null;
  readonly instances: number;
};

/** The current version of an instance that nobody hid, and where its bytes are. */
export type StoredInstance = {
  readonly instanceId: string;
  readonly seriesId: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  readonly number: number | null;
  readonly frames: number;
  readonly digest: string;
  readonly attributes: ImageAttributes;
};

const LIST_SERIES = `
  SELECT series_id AS seriesId, study_id AS studyId, series_uid AS seriesUid, modality, number, description, body_part AS bodyPart,
         (SELECT count(*) FROM instances i WHERE i.series_id = s.series_id AND i.is_hidden = 0) AS instances
    FROM series s WHERE study_id = ? AND EXISTS (SELECT 1 FROM instances i WHERE i.series_id = s.series_id AND i.is_hidden = 0)
   ORDER BY number, series_id
`;
const LIST_HIDDEN_SERIES = `
  SELECT series_id AS seriesId, study_id AS studyId, series_uid AS seriesUid, modality, number, description, body_part AS bodyPart,
         (SELECT count(*) FROM instances i WHERE i.series_id = s.series_id) AS instances
    FROM series s WHERE study_id = ? AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.series_id = s.series_id AND i.is_hidden = 0)
   ORDER BY number, series_id
`;
const INSTANCE_COLUMNS = `
  i.instance_id AS instanceId, i.series_id AS seriesId, s.series_uid AS seriesUid, i.sop_uid AS sopUid, v.sop_class_uid AS sopClassUid,
  v.transfer_syntax_uid AS transferSyntaxUid, v.number, v.frames, v.digest, v.attributes
`;
/** Walks instances_by_study. */
export const LIST_INSTANCES = `
  SELECT ${INSTANCE_COLUMNS} FROM instances i JOIN series s ON s.series_id = i.series_id
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ? AND i.is_hidden = 0 ORDER BY s.number, s.series_id, v.number, i.instance_id
`;
/** Of each instance the version that was current at a revision: those that came later are not seen. Walks instances_by_study, and the versions by their key. */
export const LIST_INSTANCES_AT = `
  SELECT ${INSTANCE_COLUMNS} FROM instances i JOIN series s ON s.series_id = i.series_id
    JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid AND v.instance_id = i.instance_id AND v.digest = (
         SELECT w.digest FROM instance_versions w
          WHERE w.site_id = i.site_id AND w.sop_uid = i.sop_uid AND w.study_revision <= ?
          ORDER BY w.study_revision DESC, w.is_current DESC LIMIT 1)
   WHERE i.study_id = ? AND i.is_hidden = 0 ORDER BY s.number, s.series_id, v.number, i.instance_id
`;
const FIND_INSTANCE = `
  SELECT ${INSTANCE_COLUMNS} FROM instances i JOIN series s ON s.series_id = i.series_id
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.site_id = ? AND i.sop_uid = ? AND i.is_hidden = 0
`;
const LIST_BY_UID = 'SELECT study_id AS studyId FROM studies WHERE site_id = ? AND study_uid = ?';
/** Walks studies_by_patient. */
export const LIST_PRIORS = `
  SELECT s.study_id AS studyId FROM studies n JOIN studies s ON s.patient_id = n.patient_id AND s.study_id <> n.study_id
   WHERE n.study_id = ? AND ${IS_SHOWN} ORDER BY s.date_raw DESC, s.received_at_ms DESC LIMIT 50
`;
const LIST_OF_PATIENT = 'SELECT study_id AS studyId FROM studies WHERE patient_id = ? ORDER BY received_at_ms DESC';
/** Walks the primary key: ids grow with time. */
export const LIST_STUDIES_AFTER =
  'SELECT study_id AS studyId FROM studies WHERE study_id > ? ORDER BY study_id LIMIT ?';
/** Walks instance_versions_by_arrival. */
export const COUNT_RECEIVED =
  'SELECT count(*) AS received, max(received_at_ms) AS last FROM instance_versions WHERE site_id = ? AND received_at_ms >= ?';
/** Walks instance_versions_by_arrival. */
export const LAST_RECEIVED = 'SELECT max(received_at_ms) AS last FROM instance_versions WHERE site_id = ?';

export function listSeries(db: ReadableDb, studyId: string): readonly SeriesSummary[] {
  return prepared<SeriesSummary>(db, LIST_SERIES).all(studyId);
}

/** The series of a study of which everything is hidden, with all there is of them. */
export function listHiddenSeries(db: ReadableDb, studyId: string): readonly SeriesSummary[] {
  return prepared<SeriesSummary>(db, LIST_HIDDEN_SERIES).all(studyId);
}

type StoredRow = Omit<StoredInstance, 'attributes'> & { readonly attributes: string };
const parseRow = (row: StoredRow): StoredInstance => ({
  ...row,
  attributes: JSON.parse(row.attributes) as ImageAttributes,
});

export function listInstances(db: ReadableDb, studyId: string): readonly StoredInstance[] {
  return prepared<StoredRow>(db, LIST_INSTANCES).all(studyId).map(parseRow);
}

/** The instances of a study as they were at a revision. */
export function listInstancesAt(db: ReadableDb, studyId: string, revision: number): readonly StoredInstance[] {
  return prepared<StoredRow>(db, LIST_INSTANCES_AT).all(revision, studyId).map(parseRow);
}

export function findInstance(db: ReadableDb, siteId: string, sopUid: string): StoredInstance | null {
  const row = prepared<StoredRow>(db, FIND_INSTANCE).get(siteId, sopUid);
  return row === undefined ? null : parseRow(row);
}

/** Where a stored instance's bytes are. */
export function getObject(db: ReadableDb, digest: string): ObjectRecord {
  const object = findObject(db, digest);
  if (object === null) throw new Error('a stored instance has no object');
  return object;
}

export function findStudyIdByUid(db: ReadableDb, siteId: string, studyUid: string): string | null {
  return prepared<{ studyId: string }>(db, LIST_BY_UID).get(siteId, studyUid)?.studyId ?? null;
}

/** Other studies of the same patient, newest first. */
export function listPriorIds(db: ReadableDb, studyId: string): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_PRIORS)
    .all(studyId)
    .map((row) => row.studyId);
}

/** Every study of a patient, newest first, hidden ones included. */
export function listStudyIdsOf(db: ReadableDb, patientId: string): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_OF_PATIENT)
    .all(patientId)
    .map((row) => row.studyId);
}

/** Studies of every site behind an id (at first ''), the oldest first, hidden and deleted ones included. */
export function listStudyIdsAfter(db: ReadableDb, after: string, limit: number): readonly string[] {
  return prepared<{ studyId: string }>(db, LIST_STUDIES_AFTER)
    .all(after, limit)
    .map((row) => row.studyId);
}

/** How many objects came since a moment, and when the last one did. */
export function countReceivedSince(
  db: ReadableDb,
  siteId: string,
  sinceMs: number,
): { readonly received: number; readonly lastAtMs: number | null } {
  const received = prepared<{ received: number }>(db, COUNT_RECEIVED).get(siteId, sinceMs)?.received ?? 0;
  return { received, lastAtMs: prepared<{ last: number | null }>(db, LAST_RECEIVED).get(siteId)?.last ?? null };
}
