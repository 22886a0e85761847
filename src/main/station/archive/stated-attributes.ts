import { isDeepStrictEqual } from 'node:util';
import type { SeriesRequest } from '../dicom/dataset/describe-instance.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import type { IdentifiedInstance } from './identified-instance.ts';

/** What a study's row says of the exam; null is what none of its objects says. */
export type StudyAttributes = {
  readonly accession: string | null;
  readonly accessionIssuer: string | null;
  readonly description: string | null;
  readonly bodyPart: string | null;
  readonly laterality: string | null;
  readonly referringPhysician: string | null;
  readonly dicomStudyId: string | null;
  readonly dateRaw: string | null;
  readonly timeRaw: string | null;
  readonly zoneOffsetRaw: string | null;
};
/** What a series' row says of it; `requests` is JSON. */
export type SeriesAttributes = {
  readonly number: number | null;
  readonly description: string | null;
  readonly bodyPart: string | null;
  readonly performedDateRaw: string | null;
  readonly performedTimeRaw: string | null;
  readonly requests: string | null;
};
type Row = Readonly<Record<string, string | number | null>>;
/** The attributes by which a column is known; the first is its name in events. */
type Keywords<Attributes> = Readonly<Record<keyof Attributes, readonly [string, ...string[]]>>;

const STUDY_KEYWORDS: Keywords<StudyAttributes> = {
  accession: ['AccessionNumber'],
  accessionIssuer: ['IssuerOfAccessionNumberSequence'],
  description: ['StudyDescription'],
  bodyPart: ['BodyPartExamined'],
  laterality: ['Laterality', 'ImageLaterality'],
  referringPhysician: ['ReferringPhysicianName'],
  dicomStudyId: ['StudyID'],
  dateRaw: ['StudyDate'],
  timeRaw: ['StudyTime'],
  zoneOffsetRaw: ['TimezoneOffsetFromUTC'],
};
const SERIES_KEYWORDS: Keywords<SeriesAttributes> = {
  number: ['SeriesNumber'],
  description: ['SeriesDescription'],
  bodyPart: ['BodyPartExamined'],
  performedDateRaw: ['PerformedProcedureStepStartDate'],
  performedTimeRaw: ['PerformedProcedureStepStartTime'],
  requests: ['RequestAttributesSequence'],
};

/** Columns of `studies` under the names of `StudyAttributes`. */
export const STUDY_ATTRIBUTE_COLUMNS = `
  s.accession, s.accession_issuer AS accessionIssuer, s.description, s.body_part AS bodyPart, s.laterality,
  s.referring_physician AS referringPhysician, s.dicom_study_id AS dicomStudyId, s.date_raw AS dateRaw, s.time_raw AS timeRaw,
  s.zone_offset_raw AS zoneOffsetRaw
`;
/** The same of `series`. */
export const SERIES_ATTRIBUTE_COLUMNS = `
  number, description, body_part AS bodyPart, performed_date_raw AS performedDateRaw, performed_time_raw AS performedTimeRaw, requests
`;
const UPDATE_STUDY = `
  UPDATE studies SET accession = @accession, accession_issuer = @accessionIssuer, description = @description, body_part = @bodyPart,
         laterality = @laterality, referring_physician = @referringPhysician, dicom_study_id = @dicomStudyId, date_raw = @dateRaw,
         time_raw = @timeRaw, zone_offset_raw = @zoneOffsetRaw, zone_source = iif(@zoneOffsetRaw IS NULL, zone_source, 'object')
   WHERE study_id = @studyId
`;
const UPDATE_SERIES = `
  UPDATE series SET number = @number, description = @description, body_part = @bodyPart, performed_date_raw = @performedDateRaw,
         performed_time_raw = @performedTimeRaw, requests = @requests WHERE series_id = @seriesId
`;

/** What an object says of its study. */
export function studyAttributesOf(instance: IdentifiedInstance): StudyAttributes {
  return {
    accession: instance.accessionNumber,
    accessionIssuer: instance.issuerOfAccessionNumber,
    description: instance.studyDescription,
    bodyPart: instance.bodyPart,
    laterality: instance.laterality,
    referringPhysician: instance.referringPhysician?.raw ?? null,
    dicomStudyId: instance.studyId,
    dateRaw: instance.studyDate,
    timeRaw: instance.studyTime,
    zoneOffsetRaw: instance.timezoneOffset,
  };
}

/** What an object says of its series. */
export function seriesAttributesOf(instance: IdentifiedInstance): SeriesAttributes {
  return {
    number: instance.seriesNumber,
    description: instance.seriesDescription,
    bodyPart: instance.bodyPart,
    performedDateRaw: instance.performedDate,
    performedTimeRaw: instance.performedTime,
    requests: requestsJson(instance.requests),
  };
}

const requestsJson = (requests: readonly SeriesRequest[]) => (requests.length === 0 ? null : JSON.stringify(requests));

/**
 * Takes into a study's row what an object adds to it, and what a new version of one says otherwise than the version before
 * (`differing`, keywords). What is held and merely contradicted stays, but for sides: right and left are both. Gives the
 * keywords of what changed: none of most objects, and then nothing is written.
 */
export function refreshStudy(
  db: WritableDb,
  study: StudyAttributes & { readonly studyId: string },
  instance: IdentifiedInstance,
  { differing, isImage }: { readonly differing: readonly string[]; readonly isImage: boolean },
): readonly string[] {
  const said = studyAttributesOf(instance);
  // What a report or a capture says of a body part is not of what was imaged.
  const taken = take(study, isImage ? said : { ...said, bodyPart: null, laterality: null }, STUDY_KEYWORDS, differing);
  const isOtherDate = taken.dateRaw === undefined && said.dateRaw !== study.dateRaw;
  if (isOtherDate) for (const key of ['timeRaw', 'zoneOffsetRaw']) delete taken[key]; // of another day's
  const accession = taken.accession ?? study.accession;
  if (said.accession !== accession) delete taken.accessionIssuer;
  else if (taken.accession !== undefined && said.accessionIssuer !== study.accessionIssuer)
    taken.accessionIssuer = said.accessionIssuer;
  if (isImage && taken.laterality === undefined && areBothSides(study.laterality, said.laterality))
    taken.laterality = 'B';
  if (Object.keys(taken).length === 0) return [];
  prepared(db, UPDATE_STUDY).run({ ...study, ...taken, studyId: study.studyId });
  return keywordsOf(taken, STUDY_KEYWORDS);
}

/** The same for a series' row. */
export function refreshSeries(
  db: WritableDb,
  series: SeriesAttributes & { readonly seriesId: string },
  instance: IdentifiedInstance,
  differing: readonly string[],
): readonly string[] {
  const taken = take(series, seriesAttributesOf(instance), SERIES_KEYWORDS, differing);
  if (Object.keys(taken).length === 0) return [];
  prepared(db, UPDATE_SERIES).run({ ...series, ...taken, seriesId: series.seriesId });
  return keywordsOf(taken, SERIES_KEYWORDS);
}

function take<Attributes extends Row>(
  held: Attributes,
  said: Attributes,
  keywords: Keywords<Attributes>,
  differing: readonly string[],
): Record<string, string | number | null> {
  const news = Object.entries<string | number | null>(said).filter(
    ([key, value]) =>
      value !== null &&
      !isDeepStrictEqual(value, held[key]) &&
      (held[key] === null || (keywords[key] ?? []).some((keyword) => differing.includes(keyword))),
  );
  return Object.fromEntries(news);
}

const keywordsOf = (taken: Row, keywords: Readonly<Record<string, readonly [string, ...string[]]>>) =>
  Object.keys(taken).flatMap((key) => keywords[key]?.[0] ?? []);

/** Laterality (0020,0060): right and left, or one of them and both. */
function areBothSides(held: string | null, said: string | null): boolean {
  return held !== said && [held, said].every((side) => side === 'R' || side === 'L' || side === 'B') && held !== 'B';
}
