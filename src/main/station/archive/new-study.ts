import { SeriesId, StudyId } from '../../../shared/domain/ids.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import { freshId } from '../platform/ids.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { arrivingIntent } from './arriving-intent.ts';
import { followMerges, ownerOf } from './assign-study.ts';
import { type Filing, statedPatient, type StudyState } from './filing.ts';
import { ensurePatient } from './identity.ts';
import {
  SERIES_ATTRIBUTE_COLUMNS,
  type SeriesAttributes,
  seriesAttributesOf,
  studyAttributesOf,
} from './stated-attributes.ts';

const INSERT_STUDY = `
  INSERT INTO studies (study_id, site_id, study_uid, split_from, patient_id, correlation_id, intent, intent_because, study_revision, accession, accession_issuer,
                       description, modality, body_part, laterality, referring_physician, dicom_study_id, date_raw, time_raw,
                       zone_offset_raw, zone_source, received_at_ms, last_received_at_ms, completeness)
  VALUES (@studyId, @siteId, @studyUid, @splitFrom, @patientId, @correlationId, @intent, @because, 0, @accession, @accessionIssuer,
          @description, @modality, @bodyPart, @laterality, @referringPhysician, @dicomStudyId, @dateRaw, @timeRaw,
          @zoneOffsetRaw, @zoneSource, @atMs, @atMs, 'receiving')
`;
const FIND_SERIES = `SELECT series_id AS seriesId, ${SERIES_ATTRIBUTE_COLUMNS} FROM series WHERE study_id = ? AND series_uid = ?`;
const INSERT_SERIES = `
  INSERT INTO series (series_id, site_id, study_id, series_uid, modality, number, description, body_part, performed_date_raw,
                      performed_time_raw, requests)
  VALUES (@seriesId, @siteId, @studyId, @seriesUid, @modality, @number, @description, @bodyPart, @performedDateRaw,
          @performedTimeRaw, @requests)
`;

/** A new study, of the UID its objects carry; where another patient's study has it already, split off that one under a UID of ours. */
export function insertStudy(db: WritableDb, filing: Filing, splitFrom: string | null = null): StudyState {
  const { instance, association, atMs } = filing;
  const { siteId } = association.peer;
  const { intent, because } = arrivingIntent(db, filing);
  const attributes = studyAttributesOf(instance);
  const studyId = freshId(StudyId);
  const patientId = ensurePatient(db, siteId, statedPatient(instance, association.peer), instance.studyUid);
  const correlationId = association.associationId;
  prepared(db, INSERT_STUDY).run({
    studyId,
    siteId,
    studyUid: splitFrom === null ? instance.studyUid : freshUid(),
    splitFrom,
    patientId,
    correlationId,
    intent,
    because,
    ...attributes,
    modality: instance.modality ?? 'OT',
    zoneSource: instance.timezoneOffset === null ? 'site' : 'object',
    atMs,
  });
  followMerges(db, studyId);
  return {
    studyId,
    patientId: ownerOf(db, studyId).patientId,
    correlationId,
    revision: 0,
    intent,
    modality: instance.modality ?? 'OT',
    completeness: 'receiving',
    isSplitOff: splitFrom === null ? 0 : 1,
    ...attributes,
  };
}

/** A series by its id, and what its row says. */
export type SeriesRow = SeriesAttributes & { readonly seriesId: string };

/** The series of a study that an instance names; made where it is the first of it. */
export function ensureSeries(db: WritableDb, filing: Filing, studyId: string): SeriesRow {
  const { instance } = filing;
  const known = prepared<SeriesRow>(db, FIND_SERIES).get(studyId, instance.seriesUid);
  if (known !== undefined) return known;
  const series: SeriesRow = { seriesId: freshId(SeriesId), ...seriesAttributesOf(instance) };
  prepared(db, INSERT_SERIES).run({
    ...series,
    siteId: filing.association.peer.siteId,
    studyId,
    seriesUid: instance.seriesUid,
    modality: instance.modality ?? 'OT',
  });
  return series;
}
