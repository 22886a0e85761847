import type { CorrectedIdentity } from '../dicom/dataset/correct-head.ts';
import type { SeriesRequest } from '../dicom/dataset/describe-instance.ts';
import type { CorrectionKind } from '../../../shared/domain/correction.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { IS_REJECTED_FOR_QUALITY } from './hidden-marks.ts';
import { conditionsOf } from './match-keys.ts';

/** A range of DA or TM values as text, either end open; equal ends are one value (PS3.4 §C.2.2.2.5). */
export type TextRange = { readonly from: string | null; readonly to: string | null };

/**
 * What studies must match, whatever protocol asks. Text may hold the wildcards `*` and `?` (PS3.4 §C.2.2.2.4); names are
 * matched without regard to case and accents, any component group of them. `fuzzyNames`: by words in any order, by how they
 * begin or sound.
 */
export type StudyKeys = {
  readonly studyUids?: readonly string[];
  readonly studyDate?: TextRange;
  readonly studyTime?: TextRange;
  readonly accession?: string;
  readonly modalitiesInStudy?: readonly string[];
  readonly referringPhysician?: string;
  readonly patientName?: string;
  readonly patientId?: string;
  readonly dicomStudyId?: string;
  readonly issuerOfPatientId?: string;
  readonly patientBirthDate?: TextRange;
  readonly patientSex?: string;
  readonly studyDescription?: string;
  readonly fuzzyNames?: boolean;
};

/** What series must match, with their studies. */
export type SeriesKeys = StudyKeys & {
  readonly seriesUids?: readonly string[];
  readonly modality?: string;
  readonly seriesNumber?: number;
  readonly seriesDescription?: string;
  readonly bodyPart?: string;
  readonly performedDate?: TextRange;
  readonly performedTime?: TextRange;
  /** Of one item of the Request Attributes Sequence; without any key, that there is one. */
  readonly request?: { readonly [Key in keyof SeriesRequest]?: string };
};

/** What instances must match, with their series and studies. */
export type InstanceKeys = SeriesKeys & {
  readonly sopUids?: readonly string[];
  readonly sopClassUids?: readonly string[];
  readonly instanceNumber?: number;
};

/** Which of the matches are asked for, in an order that stays. */
export type Page = { readonly limit: number; readonly offset: number };

/** Whether objects can be had at once, or must be fetched from where else they are kept (PS3.3 §C.4.23.1.1). */
export type Availability = 'ONLINE' | 'NEARLINE';

/** A study as a search answers it; null is an attribute the object left empty. */
export type StudyMatch = {
  readonly studyUid: string;
  readonly dateRaw: string | null;
  readonly timeRaw: string | null;
  readonly zoneOffsetRaw: string | null;
  readonly accession: string | null;
  readonly description: string | null;
  readonly modalities: readonly string[];
  /** As received: component groups apart by `=`, components by `^`. */
  readonly referringPhysician: string | null;
  readonly patientName: string | null;
  readonly patientId: string | null;
  readonly issuer: string | null;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
  readonly dicomStudyId: string | null;
  readonly series: number;
  readonly instances: number;
  readonly availability: Availability;
};

/** A series as a search answers it. */
export type SeriesMatch = {
  readonly seriesId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly bodyPart: string | null;
  readonly performedDateRaw: string | null;
  readonly performedTimeRaw: string | null;
  readonly requests: readonly SeriesRequest[];
  readonly instances: number;
  readonly availability: Availability;
};

/** An instance as a search answers it. */
export type InstanceMatch = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly number: number | null;
  readonly frames: number;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly bitsAllocated: number | null;
  readonly availability: Availability;
};

/** Where a UID or a path of UIDs leads. `withRejected`: also to what is hidden for its quality alone, which is left out otherwise. */
export type ObjectPath = {
  readonly studyUid: string;
  readonly seriesUid?: string;
  readonly sopUid?: string;
  readonly withRejected?: boolean;
};

/** The current version of one instance, and the digest of its bytes. */
export type InstancePath = {
  readonly studyId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  readonly digest: string;
  readonly seriesId: string;
  readonly frames: number;
  /** Where each frame is in the data set, packed; null where that was not told apart at filing. */
  readonly frameIndex: Uint8Array | null;
  /** Where a person corrected where it belongs: how it is served; left out or null where its own words stand. */
  readonly servedAs?: ServedAs | null;
};

/** What an object is served as, whatever its own bytes say: study and series, and the patient where a person gave it to another. */
export type ServedAs = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly patient: CorrectedIdentity['patient'];
  /** It was split off a study of somebody else: the order that its bytes name is that study's. */
  readonly isWithoutOrder: boolean;
  /** The correction that made it so: the last of several. */
  readonly correctedAtMs: number;
  readonly because: CorrectionKind;
};

/** What people hid is found by nobody, and a study or series of which everything is hidden is not there. */
const VISIBLE_IN_STUDY = 'EXISTS (SELECT 1 FROM instances h WHERE h.study_id = s.study_id AND h.is_hidden = 0)';
const VISIBLE_IN_SERIES = 'EXISTS (SELECT 1 FROM instances h WHERE h.series_id = x.series_id AND h.is_hidden = 0)';
const AVAILABILITY = "iif(s.evicted_objects = 0, 'ONLINE', 'NEARLINE') AS availability";
const NUMBERS = "FROM patient_identifiers n WHERE n.patient_id = s.patient_id AND n.type <> 'STUDY'";

/** What a search is of: where it starts, what it gives of each match, and in which order that stays the same. */
type Level = {
  readonly from: string;
  readonly id: string;
  readonly visible: string;
  readonly order: string;
  readonly columns: string;
  readonly joins: string;
};

const STUDIES: Level = {
  from: 'FROM studies s',
  id: 's.study_id',
  visible: VISIBLE_IN_STUDY,
  order: '',
  columns: `
    s.study_uid AS studyUid, s.date_raw AS dateRaw, s.time_raw AS timeRaw, s.zone_offset_raw AS zoneOffsetRaw, s.accession,
    s.description, s.referring_physician AS referringPhysician, s.stated_name AS patientName, s.stated_birth_date_raw AS birthDateRaw,
    s.stated_sex AS sex, s.dicom_study_id AS dicomStudyId, ${AVAILABILITY},
    (SELECT n.value ${NUMBERS} LIMIT 1) AS patientId, (SELECT n.issuer ${NUMBERS} LIMIT 1) AS issuer,
    (SELECT json_group_array(DISTINCT x.modality) FROM series x WHERE x.study_id = s.study_id AND ${VISIBLE_IN_SERIES}) AS modalities,
    (SELECT count(*) FROM series x WHERE x.study_id = s.study_id AND ${VISIBLE_IN_SERIES}) AS series,
    (SELECT count(*) FROM instances h WHERE h.study_id = s.study_id AND h.is_hidden = 0) AS instances`,
  joins: 'CROSS JOIN studies s ON s.study_id = page.id',
};
const SERIES: Level = {
  from: 'FROM studies s CROSS JOIN series x ON x.study_id = s.study_id',
  id: 'x.series_id',
  visible: VISIBLE_IN_SERIES,
  order: ', x.number, x.series_id',
  columns: `
    s.study_uid AS studyUid, x.series_id AS seriesId, x.series_uid AS seriesUid, x.modality, x.number, x.description, x.body_part AS bodyPart,
    x.performed_date_raw AS performedDateRaw, x.performed_time_raw AS performedTimeRaw, x.requests, ${AVAILABILITY},
    (SELECT count(*) FROM instances h WHERE h.series_id = x.series_id AND h.is_hidden = 0) AS instances`,
  joins: 'CROSS JOIN series x ON x.series_id = page.id CROSS JOIN studies s ON s.study_id = x.study_id',
};
const VERSION = 'instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1';
const INSTANCES: Level = {
  from: `FROM studies s CROSS JOIN series x ON x.study_id = s.study_id CROSS JOIN instances i ON i.series_id = x.series_id CROSS JOIN ${VERSION}`,
  id: 'i.instance_id',
  visible: 'i.is_hidden = 0',
  order: ', x.number, x.series_id, v.number, i.instance_id',
  columns: `
    s.study_uid AS studyUid, x.series_uid AS seriesUid, i.sop_uid AS sopUid, v.sop_class_uid AS sopClassUid, v.number, v.frames,
    v.attributes ->> 'rows' AS rows, v.attributes ->> 'columns' AS columns, v.attributes ->> 'bitsAllocated' AS bitsAllocated, ${AVAILABILITY}`,
  joins: `CROSS JOIN instances i ON i.instance_id = page.id CROSS JOIN series x ON x.series_id = i.series_id
    CROSS JOIN studies s ON s.study_id = i.study_id CROSS JOIN ${VERSION}`,
};
const IS_ASSIGNED = 'EXISTS (SELECT 1 FROM study_assignments a WHERE a.study_id = s.study_id)';
/** Of a study that was corrected; of one that came later under a merged number, when that was. */
const LAST_CORRECTION = (column: string) => `
      (SELECT c.${column} FROM identity_change_subjects k JOIN identity_changes c ON c.change_id = k.change_id
        WHERE k.site_id = s.site_id AND k.subject = s.study_id AND c.undone_at_ms IS NULL
          AND c.kind IN ('study-moved', 'study-split', 'patients-merged') ORDER BY c.change_seq DESC LIMIT 1)`;
/** Of a study `s`: when it was last corrected whose it is, as what leaves of it says; null where its objects' own words stand. */
export const CORRECTED_AT_MS = `
    iif(s.split_from IS NULL AND NOT ${IS_ASSIGNED}, NULL, coalesce(${LAST_CORRECTION('made_at_ms')}, s.received_at_ms))`;
const PATH_COLUMNS = `
    s.study_id AS studyId, s.study_uid AS studyUid, x.series_id AS seriesId, x.series_uid AS seriesUid, i.sop_uid AS sopUid,
    v.sop_class_uid AS sopClassUid, v.transfer_syntax_uid AS transferSyntaxUid, v.digest, v.frames, v.frame_index AS frameIndex,
    iif(s.split_from IS NULL AND NOT ${IS_ASSIGNED}, NULL, json_object('studyUid', s.study_uid, 'seriesUid', x.series_uid, 'patient',
      iif(${IS_ASSIGNED}, json_object('name', s.stated_name, 'birthDateRaw', s.stated_birth_date_raw, 'sex', s.stated_sex,
        'mrn', (SELECT n.value ${NUMBERS} LIMIT 1), 'issuer', (SELECT n.issuer ${NUMBERS} LIMIT 1)), NULL),
      'isWithoutOrder', json(iif(s.split_from IS NOT NULL AND s.accession IS NULL, 'true', 'false')),
      'correctedAtMs', coalesce(${LAST_CORRECTION('made_at_ms')}, s.received_at_ms),
      'because', coalesce(${LAST_CORRECTION('kind')}, 'patients-merged'))) AS servedAs`;
/** Where a UID below a study is asked for without the study, its own index leads upwards. */
const FROM_INSTANCE = `FROM instances i CROSS JOIN series x ON x.series_id = i.series_id CROSS JOIN studies s ON s.study_id = i.study_id CROSS JOIN ${VERSION}`;
const FROM_SERIES = 'FROM series x CROSS JOIN studies s ON s.study_id = x.study_id';

/** Studies of the sites that match: newest first, or by date where a date is asked for. The order of one search stays. */
export function findStudies(db: ReadableDb, siteIds: readonly string[], keys: StudyKeys, page: Page): StudyMatch[] {
  type Row = Omit<StudyMatch, 'modalities'> & { readonly modalities: string };
  return match<Row>(db, STUDIES, siteIds, keys, page).map((row) => ({
    ...row,
    modalities: JSON.parse(row.modalities) as readonly string[],
  }));
}

/** Series that match, of studies that match. */
export function findSeries(db: ReadableDb, siteIds: readonly string[], keys: SeriesKeys, page: Page): SeriesMatch[] {
  type Row = Omit<SeriesMatch, 'requests'> & { readonly requests: string | null };
  return match<Row>(db, SERIES, siteIds, keys, page).map((row) => ({
    ...row,
    requests: row.requests === null ? [] : (JSON.parse(row.requests) as readonly SeriesRequest[]),
  }));
}

/** Current instances that match. */
export function findInstances(
  db: ReadableDb,
  siteIds: readonly string[],
  keys: InstanceKeys,
  page: Page,
): InstanceMatch[] {
  return match<InstanceMatch>(db, INSTANCES, siteIds, keys, page);
}

/** Of many instances only short places of frames are given: a long one, of many compressed frames, is found again in its file. */
const LIST_COLUMNS = PATH_COLUMNS.replace(
  'v.frame_index AS frameIndex',
  'iif(length(v.frame_index) <= 64, v.frame_index, NULL) AS frameIndex',
);

/**
 * The current instances below a path of UIDs that nobody hid (unless it asks for what was rejected), by series and instance
 * number; the first `limit`, or all.
 */
export function listInstancesBelow(
  db: ReadableDb,
  siteIds: readonly string[],
  path: ObjectPath,
  limit = -1,
): InstancePath[] {
  const keys: InstanceKeys = {
    studyUids: [path.studyUid],
    ...(path.seriesUid !== undefined && { seriesUids: [path.seriesUid] }),
    ...(path.sopUid !== undefined && { sopUids: [path.sopUid] }),
  };
  const level = {
    ...INSTANCES,
    columns: path.sopUid === undefined ? LIST_COLUMNS : PATH_COLUMNS,
    ...(path.withRejected === true && { visible: `(${INSTANCES.visible} OR ${IS_REJECTED_FOR_QUALITY})` }),
  };
  return match<Unparsed<InstancePath>>(db, level, siteIds, keys, { limit, offset: 0 }).map(withServedAs);
}

type Unparsed<Path> = Omit<Path, 'servedAs'> & { readonly servedAs: string | null };

function withServedAs<Row extends { readonly servedAs: string | null }>({ servedAs, ...row }: Row) {
  return servedAs === null ? row : { ...row, servedAs: JSON.parse(servedAs) as ServedAs };
}

const LIST_BY_STUDY = `
  SELECT ${LIST_COLUMNS} FROM studies s CROSS JOIN series x ON x.study_id = s.study_id CROSS JOIN instances i ON i.series_id = x.series_id
   CROSS JOIN ${VERSION} WHERE s.study_id = ? AND i.is_hidden = 0 ORDER BY x.number, x.series_id, v.number, i.instance_id
`;

/** The current instances of one study that nobody hid, by series and instance number. */
export function listInstancesByStudy(db: ReadableDb, studyId: string): InstancePath[] {
  return prepared<Unparsed<InstancePath>>(db, LIST_BY_STUDY).all(studyId).map(withServedAs);
}

/** Where the current object of an instance is, as it would be sent to another machine. */
export type SendablePath = Omit<InstancePath, 'frames' | 'frameIndex'>;

const SENDABLE_COLUMNS = PATH_COLUMNS.replace(', v.frames, v.frame_index AS frameIndex', '');
const LIST_SOP_CLASSES = `
  SELECT DISTINCT v.sop_class_uid AS uid FROM studies s JOIN instances i ON i.study_id = s.study_id JOIN ${VERSION}
   WHERE s.site_id IN (SELECT value FROM json_each(?)) AND s.study_uid = ? AND i.is_hidden = 0
`;

/** The current objects of everything that matches and nobody hid, series by series; no more than `limit` where it is given. */
export function findSendable(
  db: ReadableDb,
  siteIds: readonly string[],
  keys: InstanceKeys,
  limit = -1,
): SendablePath[] {
  const level = { ...INSTANCES, columns: SENDABLE_COLUMNS };
  return match<Unparsed<SendablePath>>(db, level, siteIds, keys, { limit, offset: 0 }).map(withServedAs);
}

/** The SOP classes of a study's current objects. */
export function listSopClasses(db: ReadableDb, siteIds: readonly string[], studyUid: string): readonly string[] {
  return prepared<{ uid: string }>(db, LIST_SOP_CLASSES)
    .all(JSON.stringify(siteIds), studyUid)
    .map(({ uid }) => uid);
}

function match<Row>(db: ReadableDb, level: Level, siteIds: readonly string[], keys: InstanceKeys, page: Page): Row[] {
  const { sql, values } = searchStatement(level, siteIds, keys);
  return prepared<Row>(db, sql).all({ ...values, ...page });
}

/**
 * The search as SQL: first which rows, walking an index in the order asked for as far as the page goes, then what is said of
 * them. Of one site the walk needs no sort.
 */
function searchStatement(level: Level, siteIds: readonly string[], keys: InstanceKeys) {
  const conditions = conditionsOf(keys);
  const [site] = siteIds;
  const isOne = siteIds.length === 1;
  const root = rootOf(level, keys);
  const where = [
    isOne
      ? `${isFoundElsewhere(keys) ? '+' : ''}${root.table}.site_id = @site`
      : `${root.table}.site_id IN (SELECT value FROM json_each(@sites))`,
    's.deleted_at_ms IS NULL',
    ...conditions.map(({ sql }) => sql),
    level.visible,
  ];
  // The plus keeps the planner from walking all studies in order where a key leads to the few that can match.
  const first = `${isNarrow(keys) ? '+' : ''}${keys.studyDate === undefined ? 's.received_at_ms' : 's.date_raw'}`;
  const order = `${first} DESC, s.study_id${level.order}`;
  const wanted = `SELECT ${level.id} AS id ${root.from} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT @limit OFFSET @offset`;
  return {
    sql: `WITH page AS MATERIALIZED (${wanted}) SELECT ${level.columns} FROM page ${level.joins} ORDER BY ${order}`,
    values: Object.assign(
      { sites: JSON.stringify(siteIds), ...(isOne && { site }) },
      ...conditions.map((one) => one.values),
    ) as Record<string, unknown>,
  };
}

/** True where some key leads to few studies: there is something better to walk than all of a site's. */
function isNarrow(keys: InstanceKeys): boolean {
  return keys.studyUids !== undefined || begins(keys.accession) || isFoundElsewhere(keys);
}

/** True where a number or a name leads there, by another table that is asked for the site itself. */
function isFoundElsewhere(keys: InstanceKeys): boolean {
  const { studyUids, accession, patientId, patientName, referringPhysician, fuzzyNames } = keys;
  if (studyUids !== undefined || begins(accession)) return false;
  return begins(patientId) || [patientName, referringPhysician].some((name) => begins(name) || (name && fuzzyNames));
}

function begins(text: string | undefined): boolean {
  return text !== undefined && !/^[*?]/.test(text);
}

function rootOf(level: Level, keys: InstanceKeys): { readonly table: 's' | 'x' | 'i'; readonly from: string } {
  const isBelow = (uids: readonly string[] | undefined) => uids !== undefined && keys.studyUids === undefined;
  if (level.id === INSTANCES.id && isBelow(keys.sopUids)) return { table: 'i', from: FROM_INSTANCE };
  if (level.id === SERIES.id && isBelow(keys.seriesUids)) return { table: 'x', from: FROM_SERIES };
  if (level.id === INSTANCES.id && isBelow(keys.seriesUids))
    return {
      table: 'x',
      from: `${FROM_SERIES} CROSS JOIN instances i ON i.series_id = x.series_id CROSS JOIN ${VERSION}`,
    };
  return { table: 's', from: level.from };
}

/** What a search would run, for its plan to be looked at. */
export function searchSql(
  of: 'studies' | 'series' | 'instances',
  siteIds: readonly string[],
  keys: InstanceKeys,
): string {
  return searchStatement({ studies: STUDIES, series: SERIES, instances: INSTANCES }[of], siteIds, keys).sql;
}
