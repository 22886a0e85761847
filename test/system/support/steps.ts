import type { DicomRecord } from '../../../src/main/station/dicom/dataset/write-dataset.ts';

const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';
const reference = (ReferencedSOPInstanceUID: string) => ({ ReferencedSOPClassUID: CT_IMAGE, ReferencedSOPInstanceUID });

/** What a CT says as it begins a step for a study (MPPS N-CREATE). */
export function stepBegins(studyUid: string): DicomRecord {
  return {
    ScheduledStepAttributesSequence: [{ StudyInstanceUID: studyUid, AccessionNumber: '' }],
    PatientName: '',
    PatientID: '',
    PerformedProcedureStepID: 'P1',
    PerformedStationAETitle: 'MODALITY1',
    PerformedProcedureStepStartDate: '20260115',
    PerformedProcedureStepStartTime: '090000',
    PerformedProcedureStepStatus: 'IN PROGRESS',
    Modality: 'CT',
    PerformedSeriesSequence: [],
  };
}

/** What it says at the step's end of one series (MPPS N-SET). */
export function stepEnds(state: 'COMPLETED' | 'DISCONTINUED', sopUids: readonly string[]): DicomRecord {
  return {
    PerformedProcedureStepStatus: state,
    PerformedProcedureStepEndDate: '20260115',
    PerformedProcedureStepEndTime: '091000',
    PerformedSeriesSequence: [{ SeriesInstanceUID: '1.2.3.1', ReferencedImageSequence: sopUids.map(reference) }],
  };
}

/** What an image manager announces of a study (IAN N-CREATE). */
export function availabilityNotice(
  studyUid: string,
  sopUids: readonly string[],
  InstanceAvailability = 'ONLINE',
): DicomRecord {
  return {
    StudyInstanceUID: studyUid,
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: '1.2.3.1',
        ReferencedSOPSequence: sopUids.map((uid) => ({ ...reference(uid), InstanceAvailability })),
      },
    ],
  };
}
