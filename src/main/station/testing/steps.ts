import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { readDataset } from '../dicom/dataset/read-dataset.ts';
import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { CT_CLASS } from './objects.ts';

/** A step that a modality begins (N-CREATE of MPPS), for a study; whatever is given takes the place of what stands here. */
export function aStep(studyUid: string, changes: DicomRecord = {}): DicomRecord {
  return {
    ScheduledStepAttributesSequence: [
      { StudyInstanceUID: studyUid, AccessionNumber: 'A1', RequestedProcedureID: 'R1', ScheduledProcedureStepID: 'S1' },
    ],
    PatientName: 'Doe^Jane',
    PatientID: '4711',
    PatientBirthDate: '19600102',
    PatientSex: 'F',
    PerformedProcedureStepID: 'P1',
    PerformedStationAETitle: 'CT1',
    PerformedProcedureStepStartDate: '20260301',
    PerformedProcedureStepStartTime: '101500',
    PerformedProcedureStepStatus: 'IN PROGRESS',
    Modality: 'CT',
    StudyID: '1',
    PerformedSeriesSequence: [],
    ...changes,
  };
}

/** What a modality says later of a step (N-SET): its state, and the instances of its one series. */
export function aStepEnd(
  state: 'IN PROGRESS' | 'COMPLETED' | 'DISCONTINUED',
  studyUid: string,
  sopUids: readonly string[],
): DicomRecord {
  return {
    PerformedProcedureStepStatus: state,
    ...(state !== 'IN PROGRESS' && {
      PerformedProcedureStepEndDate: '20260301',
      PerformedProcedureStepEndTime: '102500',
    }),
    PerformedSeriesSequence: [
      {
        SeriesInstanceUID: `${studyUid}.1`,
        ProtocolName: 'Head',
        ReferencedImageSequence: sopUids.map((ReferencedSOPInstanceUID) => ({
          ...{ ReferencedSOPClassUID: CT_CLASS, ReferencedSOPInstanceUID },
        })),
      },
    ],
  };
}

/** A notice of instances of one series (N-CREATE of IAN). */
export function anAvailabilityNotice(
  studyUid: string,
  sopUids: readonly string[],
  availability = 'ONLINE',
): DicomRecord {
  return {
    StudyInstanceUID: studyUid,
    ReferencedPerformedProcedureStepSequence: [],
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: `${studyUid}.1`,
        ReferencedSOPSequence: sopUids.map((ReferencedSOPInstanceUID) => ({
          ...{ ReferencedSOPClassUID: CT_CLASS, ReferencedSOPInstanceUID },
          ...{ InstanceAvailability: availability, RetrieveAETitle: 'PACS' },
        })),
      },
    ],
  };
}

/** A record as a service is given it: written, and read again. */
export function readRecord(record: DicomRecord): ReadDataset {
  const read = readDataset(encodeDataset(record), EXPLICIT_LITTLE_ENDIAN);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}
