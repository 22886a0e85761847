import { SeriesId, StudyId } from '../../../shared/domain/ids.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import { freshId } from '../platform/ids.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { followMerges, ownerOf } from './assign-study.ts';
import { type Filing, statedPatient, type StudyState } from './filing.ts';
import { ensurePatient } from './identity.ts';
import { isBeingRetrieved } from './retrievals.ts';

const INSERT_STUDY = `
  INSERT INTO studies (study_id, site_id, study_uid, split_from, patient_id, correlation_id, intent, study_revision, accession, accession_issuer,
                       description, modality, body_part, laterality, referring_physician, dicom_study_id, date_raw, time_raw,
                       zone_offset_raw, zone_source, received_at_ms, last_received_at_ms, completeness)
  VALUES (@studyId, @siteId, @studyUid, @splitFrom, @patientId, @correlationId, @intent, 0, @accession, @accessionIssuer,
          @description, @modality, @bodyPart, @laterality, @referringPhysician, @dicomStudyId, @dateRaw, @timeRaw,
          @zoneOffsetRaw, @zoneSource, @atMs, @atMs, 'receiving')
`;
const FIND_SERIES = 'SELECT series_id AS seriesId FROM series WHERE study_id = ? AND series_uid = ?';
const INSERT_SERIES = `
  INSERT INTO series (series_id, site_id, study_id, series_uid, modality, number, description, body_part, performed_date_raw,
                      performed_time_raw, requests)
  VALUES (@seriesId, @siteId, @studyId, @seriesUid, @modality, @number, @description, @bodyPart, @performedDateRaw,
          @performedTimeRaw, @requests)
`;

/** A new study, of the UID its objects carry; where another patient's study has it already, split off that one under a UID of ours. */
export function insertStudy(db: WritableDb, filing: Filing, splitFrom: string | null = null): StudyState {
  const { instance, association, atMs } = filing;
  const { siteId, peerId } = association.peer;
  const isFetched = isBeingRetrieved(db, siteId, peerId, instance.studyUid);
  const intent = isFetched ? 'comparison' : association.peer.intent;
  const studyId = freshId(StudyId);
  const patientId = ensurePatient(db, siteId, statedPatient(instance), instance.studyUid);
  const correlationId = association.associationId;
  prepared(db, INSERT_STUDY).run({
    studyId,
    siteId,
    studyUid: splitFrom === null ? instance.studyUid : freshUid(),
    splitFrom,
    patientId,
    correlationId,
    intent,
    accession: instance.accessionNumber,
    accessionIssuer: instance.issuerOfAccessionNumber,
    description: instance.studyDescription,
    modality: instance.modality ?? 'OT',
    bodyPart: instance.bodyPart,
    laterality: instance.laterality,
    referringPhysician: instance.referringPhysician?.raw ?? null,
    dicomStudyId: instance.studyId,
    dateRaw: instance.studyDate,
    timeRaw: instance.studyTime,
    zoneOffsetRaw: instance.timezoneOffset,
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
  };
}

/** The series of a study that an instance names; made where it is the first of it. Gives its id. */
export function ensureSeries(db: WritableDb, filing: Filing, studyId: string): string {
  const { instance } = filing;
  const known = prepared<{ seriesId: string }>(db, FIND_SERIES).get(studyId, instance.seriesUid);
  if (known !== undefined) return known.seriesId;
  const seriesId = freshId(SeriesId);
  prepared(db, INSERT_SERIES).run({
    seriesId,
    siteId: filing.association.peer.siteId,
    studyId,
    seriesUid: instance.seriesUid,
    modality: instance.modality ?? 'OT',
    number: instance.seriesNumber,
    description: instance.seriesDescription,
    bodyPart: instance.bodyPart,
    performedDateRaw: instance.performedDate,
    performedTimeRaw: instance.performedTime,
    requests: instance.requests.length === 0 ? null : JSON.stringify(instance.requests),
  });
  return seriesId;
}
