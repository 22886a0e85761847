import { lookUpKeyword, tagText } from '../../dicom/dataset/dictionary.ts';
import type { DicomJson, DicomJsonValue } from '../../dicom/dataset/dicom-json.ts';
import type { SeriesRequest } from '../../dicom/dataset/describe-instance.ts';
import { parsePersonName } from '../../dicom/dataset/values.ts';
import type { InstanceMatch, SeriesMatch, StudyMatch } from '../../archive/index.ts';

type Attributes = Readonly<Record<string, DicomJsonValue | readonly DicomJsonValue[]>>;

/** A study as a search answers it (PS3.18 Table 10.6.3-3). */
export function studyJson(match: StudyMatch, retrieveUrl: string): DicomJson {
  return json({
    SpecificCharacterSet: 'ISO_IR 192',
    StudyDate: match.dateRaw,
    StudyTime: match.timeRaw,
    AccessionNumber: match.accession,
    InstanceAvailability: match.availability,
    ModalitiesInStudy: match.modalities,
    ReferringPhysicianName: personName(match.referringPhysician),
    TimezoneOffsetFromUTC: match.zoneOffsetRaw,
    StudyDescription: match.description,
    RetrieveURL: retrieveUrl,
    PatientName: personName(match.patientName),
    PatientID: match.patientId,
    IssuerOfPatientID: match.issuer,
    PatientBirthDate: match.birthDateRaw,
    PatientSex: match.sex,
    StudyInstanceUID: match.studyUid,
    StudyID: match.dicomStudyId,
    NumberOfStudyRelatedSeries: match.series,
    NumberOfStudyRelatedInstances: match.instances,
  });
}

/** A series as a search answers it (PS3.18 Table 10.6.3-4). */
export function seriesJson(match: SeriesMatch, retrieveUrl: string): DicomJson {
  return json({
    SpecificCharacterSet: 'ISO_IR 192',
    InstanceAvailability: match.availability,
    Modality: match.modality,
    SeriesDescription: match.description,
    RetrieveURL: retrieveUrl,
    BodyPartExamined: match.bodyPart,
    StudyInstanceUID: match.studyUid,
    SeriesInstanceUID: match.seriesUid,
    SeriesNumber: match.number,
    NumberOfSeriesRelatedInstances: match.instances,
    PerformedProcedureStepStartDate: match.performedDateRaw,
    PerformedProcedureStepStartTime: match.performedTimeRaw,
    RequestAttributesSequence: match.requests.map(requestJson),
  });
}

function requestJson(request: SeriesRequest): DicomJson {
  return json({
    AccessionNumber: request.accession,
    StudyInstanceUID: request.studyUid,
    ScheduledProcedureStepID: request.scheduledStepId,
    RequestedProcedureID: request.requestedProcedureId,
  });
}

/** An instance as a search answers it (PS3.18 Table 10.6.3-5). */
export function instanceJson(match: InstanceMatch, retrieveUrl: string): DicomJson {
  return json({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: match.sopClassUid,
    SOPInstanceUID: match.sopUid,
    InstanceAvailability: match.availability,
    RetrieveURL: retrieveUrl,
    StudyInstanceUID: match.studyUid,
    SeriesInstanceUID: match.seriesUid,
    InstanceNumber: match.number,
    NumberOfFrames: match.frames,
    Rows: match.rows,
    Columns: match.columns,
    BitsAllocated: match.bitsAllocated,
  });
}

/** Attributes by keyword in the DICOM JSON model, in the order of their tags; null and an empty text are an empty attribute (PS3.18 §F.2.5). */
function json(attributes: Attributes): DicomJson {
  const entries = Object.entries(attributes).map(([keyword, given]) => {
    const known = lookUpKeyword(keyword);
    if (known === null) throw new Error(`The DICOM dictionary has no ${keyword}`);
    const values = (Array.isArray(given) ? given : [given]).filter((value) => value !== null && value !== '');
    return [tagText(known.tag), { vr: known.vr, ...(values.length > 0 && { Value: values }) }] as const;
  });
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function personName(raw: string | null): DicomJsonValue {
  if (raw === null || raw === '') return null;
  const { alphabetic, ideographic, phonetic } = parsePersonName(raw);
  return {
    ...(alphabetic && { Alphabetic: alphabetic }),
    ...(ideographic && { Ideographic: ideographic }),
    ...(phonetic && { Phonetic: phonetic }),
  };
}
