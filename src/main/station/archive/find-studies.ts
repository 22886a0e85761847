import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** A range of DA or TM values as text, either end open; equal ends are one value (PS3.4 §C.2.2.2.5). */
export type TextRange = { readonly from: string | null; readonly to: string | null };

/** What studies must match. Text may hold the wildcards `*` and `?` (PS3.4 §C.2.2.2.4); names are matched without regard to case. */
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
};

/** What series must match, with their studies. */
export type SeriesKeys = StudyKeys & {
  readonly seriesUids?: readonly string[];
  readonly modality?: string;
  readonly seriesNumber?: number;
};

/** What instances must match, with their series and studies. */
export type InstanceKeys = SeriesKeys & {
  readonly sopUids?: readonly string[];
  readonly sopClassUids?: readonly string[];
  readonly instanceNumber?: number;
};

/** Which of the matches are asked for, in an order that stays. */
export type Page = { readonly limit: number; readonly offset: number };

/** A study as QIDO-RS answers it; null is an attribute the object left empty. */
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
};

/** A series as QIDO-RS answers it. */
export type SeriesMatch = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly bodyPart: string | null;
  readonly instances: number;
};

/** An instance as QIDO-RS answers it. */
export type InstanceMatch = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly number: number | null;
  readonly frames: number;
  readonly rows: number | null;
  readonly columns: number | null;
};

/** Where a UID or a path of UIDs leads. */
export type ObjectPath = { readonly studyUid: string; readonly seriesUid?: string; readonly sopUid?: string };

/** The current version of one instance, and the digest of its bytes. */
export type InstancePath = {
  readonly studyId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  readonly digest: string;
};

type Condition = { readonly sql: string; readonly values: Readonly<Record<string, string | number>> };

/** Every key as a condition on the joined tables; unknown keys do not arrive here. */
const CONDITIONS: { readonly [Key in keyof InstanceKeys]-?: (value: NonNullable<InstanceKeys[Key]>) => Condition } = {
  studyUids: (uids) => inList('s.study_uid', 'studyUids', uids),
  studyDate: (range) => inRange('s.date_raw', 'studyDate', range),
  studyTime: (range) => inRange('s.time_raw', 'studyTime', range),
  accession: (text) => like('s.accession', 'accession', text),
  modalitiesInStudy: (values) => ({
    sql: 'EXISTS (SELECT 1 FROM series m WHERE m.study_id = s.study_id AND m.modality IN (SELECT value FROM json_each(@modalitiesInStudy)))',
    values: { modalitiesInStudy: JSON.stringify(values) },
  }),
  referringPhysician: (text) => like('s.referring_physician', 'referringPhysician', text),
  patientName: (text) => like('s.stated_name', 'patientName', text),
  patientId: (text) => ({
    sql: `EXISTS (SELECT 1 FROM patient_identifiers n WHERE n.patient_id = p.patient_id AND n.type <> 'STUDY' AND ${like('n.value', 'patientId', text).sql})`,
    values: like('n.value', 'patientId', text).values,
  }),
  dicomStudyId: (text) => like('s.dicom_study_id', 'dicomStudyId', text),
  seriesUids: (uids) => inList('x.series_uid', 'seriesUids', uids),
  modality: (text) => like('x.modality', 'modality', text),
  seriesNumber: (number) => ({ sql: 'x.number = @seriesNumber', values: { seriesNumber: number } }),
  sopUids: (uids) => inList('i.sop_uid', 'sopUids', uids),
  sopClassUids: (uids) => inList('v.sop_class_uid', 'sopClassUids', uids),
  instanceNumber: (number) => ({ sql: 'v.number = @instanceNumber', values: { instanceNumber: number } }),
};

const SELECT_STUDIES = `
  SELECT s.study_uid AS studyUid, s.date_raw AS dateRaw, s.time_raw AS timeRaw, s.zone_offset_raw AS zoneOffsetRaw, s.accession,
         s.description, s.referring_physician AS referringPhysician, s.stated_name AS patientName, s.stated_birth_date_raw AS birthDateRaw, s.stated_sex AS sex,
         s.dicom_study_id AS dicomStudyId,
         (SELECT n.value FROM patient_identifiers n WHERE n.patient_id = p.patient_id AND n.type <> 'STUDY' LIMIT 1) AS patientId,
         (SELECT n.issuer FROM patient_identifiers n WHERE n.patient_id = p.patient_id AND n.type <> 'STUDY' LIMIT 1) AS issuer,
         (SELECT json_group_array(DISTINCT m.modality) FROM series m WHERE m.study_id = s.study_id) AS modalities,
         (SELECT count(*) FROM series m WHERE m.study_id = s.study_id) AS series,
         (SELECT count(*) FROM instances i WHERE i.study_id = s.study_id) AS instances
    FROM studies s JOIN patients p ON p.patient_id = s.patient_id
`;
const SELECT_SERIES = `
  SELECT s.study_uid AS studyUid, x.series_uid AS seriesUid, x.modality, x.number, x.description, x.body_part AS bodyPart,
         (SELECT count(*) FROM instances i WHERE i.series_id = x.series_id) AS instances
    FROM series x JOIN studies s ON s.study_id = x.study_id JOIN patients p ON p.patient_id = s.patient_id
`;
const INSTANCE_SOURCE = `
    FROM instances i JOIN series x ON x.series_id = i.series_id JOIN studies s ON s.study_id = i.study_id
    JOIN patients p ON p.patient_id = s.patient_id
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
`;
const SELECT_INSTANCES = `
  SELECT s.study_uid AS studyUid, x.series_uid AS seriesUid, i.sop_uid AS sopUid, v.sop_class_uid AS sopClassUid, v.number, v.frames,
         v.attributes ->> 'rows' AS rows, v.attributes ->> 'columns' AS columns ${INSTANCE_SOURCE}
`;
const SELECT_PATHS = `
  SELECT s.study_id AS studyId, s.study_uid AS studyUid, x.series_uid AS seriesUid, i.sop_uid AS sopUid, v.sop_class_uid AS sopClassUid,
         v.transfer_syntax_uid AS transferSyntaxUid, v.digest ${INSTANCE_SOURCE}
`;

/** Studies of the sites that match, newest first. */
export function findStudies(db: ReadableDb, siteIds: readonly string[], keys: StudyKeys, page: Page): StudyMatch[] {
  type Row = Omit<StudyMatch, 'modalities'> & { readonly modalities: string };
  return match<Row>(db, SELECT_STUDIES, siteIds, keys, page, 's.received_at_ms DESC, s.study_id').map((row) => ({
    ...row,
    modalities: JSON.parse(row.modalities) as readonly string[],
  }));
}

/** Series that match, of studies that match. */
export function findSeries(db: ReadableDb, siteIds: readonly string[], keys: SeriesKeys, page: Page): SeriesMatch[] {
  return match<SeriesMatch>(
    db,
    SELECT_SERIES,
    siteIds,
    keys,
    page,
    's.received_at_ms DESC, s.study_id, x.number, x.series_id',
  );
}

/** Current instances that match. */
export function findInstances(
  db: ReadableDb,
  siteIds: readonly string[],
  keys: InstanceKeys,
  page: Page,
): InstanceMatch[] {
  return match<InstanceMatch>(
    db,
    SELECT_INSTANCES,
    siteIds,
    keys,
    page,
    's.received_at_ms DESC, s.study_id, x.number, x.series_id, v.number, i.instance_id',
  );
}

/** The current instances below a path of UIDs, by series and instance number. */
export function listInstancesBelow(db: ReadableDb, siteIds: readonly string[], path: ObjectPath): InstancePath[] {
  const keys: InstanceKeys = {
    studyUids: [path.studyUid],
    ...(path.seriesUid !== undefined && { seriesUids: [path.seriesUid] }),
    ...(path.sopUid !== undefined && { sopUids: [path.sopUid] }),
  };
  return match<InstancePath>(
    db,
    SELECT_PATHS,
    siteIds,
    keys,
    { limit: -1, offset: 0 },
    'x.number, x.series_id, v.number, i.instance_id',
  );
}

function match<Row>(
  db: ReadableDb,
  select: string,
  siteIds: readonly string[],
  keys: InstanceKeys,
  page: Page,
  order: string,
): Row[] {
  const conditions = (Object.keys(keys) as (keyof InstanceKeys)[]).flatMap((key) => {
    const value = keys[key];
    return value === undefined ? [] : [(CONDITIONS[key] as (value: unknown) => Condition)(value)];
  });
  const where = ['s.site_id IN (SELECT value FROM json_each(@sites))', ...conditions.map(({ sql }) => sql)].join(
    ' AND ',
  );
  const values = Object.assign(
    { sites: JSON.stringify(siteIds), ...page },
    ...conditions.map((one) => one.values),
  ) as object;
  return prepared<Row>(db, `${select} WHERE ${where} ORDER BY ${order} LIMIT @limit OFFSET @offset`).all(values);
}

function inList(column: string, name: string, values: readonly string[]): Condition {
  return { sql: `${column} IN (SELECT value FROM json_each(@${name}))`, values: { [name]: JSON.stringify(values) } };
}

function inRange(column: string, name: string, { from, to }: TextRange): Condition {
  // Raw DA and TM compare as text; "to" takes in every finer time that begins with it.
  return {
    sql: `${column} >= @${name}From AND ${column} <= @${name}To`,
    values: { [`${name}From`]: from ?? '', [`${name}To`]: to === null ? '~' : `${to}~` },
  };
}

/** SQLite's own LIKE: without regard to ASCII case, as PS3.4 lets names be matched. */
function like(column: string, name: string, text: string): Condition {
  const pattern = text
    .replace(/[\\%_]/g, String.raw`\$&`)
    .replaceAll('*', '%')
    .replaceAll('?', '_');
  return { sql: `${column} LIKE @${name} ESCAPE '\\'`, values: { [name]: pattern } };
}
