import { derivedUid } from '../derived-uid.ts';
import { normalDate, normalTime } from './dates.ts';
import type { DicomRecord } from './write-dataset.ts';

/** Key Object Selection Document Storage. */
export const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';

/** An image that a selection names; `frames` counted from 1, null for the whole of an object that has but one. */
export type SelectedImage = {
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly frames: readonly number[] | null;
};

/** Images that one person picked out of one study; raw values as objects of the study state them. */
export type ImageSelection = {
  readonly patient: {
    readonly name: string;
    readonly mrn: string | null;
    readonly issuer: string | null;
    readonly birthDateRaw: string | null;
    readonly sex: string | null;
  };
  readonly study: {
    readonly studyUid: string;
    readonly dateRaw: string | null;
    readonly timeRaw: string | null;
    readonly accession: string | null;
    readonly dicomStudyId: string | null;
    readonly referringPhysician: string | null;
    readonly description: string | null;
  };
  readonly images: readonly SelectedImage[];
  readonly pickedBy: string;
  /** When the last of them was picked, by the site's clock: DA and TM. */
  readonly date: string;
  readonly time: string;
  readonly seriesNumber: number;
};

/**
 * The selection as a Key Object Selection Document titled "Of Interest" (PS3.3 §A.35.4, §C.17.6; PS3.16 TID 2010, CID 7010), in
 * UTF-8. Its UIDs come of what it says: the same selection is the same object every time, and another is another.
 */
export function keyObjectSelection(selection: ImageSelection): DicomRecord {
  const document = contentOf(selection);
  const said = JSON.stringify(document);
  return {
    ...document,
    SeriesInstanceUID: derivedUid(`series ${said}`),
    SOPInstanceUID: derivedUid(`object ${said}`),
  };
}

function contentOf({ patient, study, images, pickedBy, date, time, seriesNumber }: ImageSelection): DicomRecord {
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: KEY_OBJECT_SELECTION,
    PatientName: plain(patient.name),
    PatientID: plain(patient.mrn),
    ...(patient.issuer !== null && { IssuerOfPatientID: plain(patient.issuer) }),
    PatientBirthDate: normalDate(patient.birthDateRaw ?? ''),
    PatientSex: ['M', 'F', 'O'].includes(patient.sex ?? '') ? patient.sex : null,
    StudyInstanceUID: study.studyUid,
    StudyDate: normalDate(study.dateRaw ?? ''),
    StudyTime: normalTime(study.timeRaw ?? ''),
    AccessionNumber: plain(study.accession),
    StudyID: plain(study.dicomStudyId),
    ReferringPhysicianName: plain(study.referringPhysician),
    ...(study.description !== null && { StudyDescription: shortened(plain(study.description)) }),
    Modality: 'KO',
    SeriesNumber: seriesNumber,
    SeriesDescription: 'Key images',
    ReferencedPerformedProcedureStepSequence: [],
    Manufacturer: 'Wetread',
    InstanceNumber: 1,
    ContentDate: date,
    ContentTime: time,
    CurrentRequestedProcedureEvidenceSequence: [
      { StudyInstanceUID: study.studyUid, ReferencedSeriesSequence: evidenceOf(images) },
    ],
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [code('113000', 'DCM', 'Of Interest')],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '2010' }],
    ContentSequence: [
      {
        RelationshipType: 'HAS OBS CONTEXT',
        ValueType: 'CODE',
        ConceptNameCodeSequence: [code('121005', 'DCM', 'Observer Type')],
        ConceptCodeSequence: [code('121006', 'DCM', 'Person')],
      },
      {
        RelationshipType: 'HAS OBS CONTEXT',
        ValueType: 'PNAME',
        ConceptNameCodeSequence: [code('121008', 'DCM', 'Person Observer Name')],
        PersonName: plain(pickedBy),
      },
      ...images.map(({ sopUid, sopClassUid, frames }) => ({
        RelationshipType: 'CONTAINS',
        ValueType: 'IMAGE',
        ReferencedSOPSequence: [
          {
            ReferencedSOPClassUID: sopClassUid,
            ReferencedSOPInstanceUID: sopUid,
            ...(frames !== null && { ReferencedFrameNumber: frames }),
          },
        ],
      })),
    ],
  };
}

function evidenceOf(images: readonly SelectedImage[]): readonly DicomRecord[] {
  return [...Map.groupBy(images, ({ seriesUid }) => seriesUid)].map(([seriesUid, ofSeries]) => ({
    SeriesInstanceUID: seriesUid,
    ReferencedSOPSequence: ofSeries.map(({ sopUid, sopClassUid }) => ({
      ReferencedSOPClassUID: sopClassUid,
      ReferencedSOPInstanceUID: sopUid,
    })),
  }));
}

function code(value: string, scheme: string, meaning: string): DicomRecord {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

/** As much of a description as an LO holds (PS3.5 §6.2). What identifies is never shortened: it would be another's, and stands as in the objects it is of. */
const shortened = (text: string | null) => text && Array.from(text).slice(0, 64).join('').trim();

/** Text as one value: what would begin another, or controls a terminal, is a space (PS3.5 §6.1.3, §6.4). */
function plain(text: string | null): string | null {
  // oxlint-disable-next-line no-control-regex -- control characters are what is meant.
  return text === null ? null : text.replaceAll(/[\\\u0000-\u001f\u007f]/g, ' ').trim();
}
