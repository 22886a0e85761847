import { openAssociation } from '../src/main/station/dicom/open-association.ts';
import { SERVICE_SYNTAXES } from '../src/main/station/dicom/services/ask.ts';
import { nCreate, nSet } from '../src/main/station/dicom/services/normalized.ts';
import { SERVICE_CLASSES } from '../src/main/station/dicom/services/sop-classes.ts';
import type { ModalitySettings } from './modality.ts';
import { type DemoStudy, localTime } from './phantoms/study-objects.ts';
import { uidFrom } from './uid.ts';
import type { Visit } from './visits.ts';

/** What a machine says while it works on an examination (MPPS, PS3.4 §F.7.2): that it began, then all that it made. */
export type PerformedStep = { begin(): Promise<void>; end(): Promise<void> };

/** One machine in so many reports nothing of its work, as older ones do: such a study is complete once nothing more comes. */
const SILENT_ONE_IN = 5;

/**
 * The step of a study that a machine made. What it names at the end is what it made, whether all of it was sent or not. A
 * station that cannot be told is not told again: the images do not wait for it.
 */
export function performedStep(
  settings: ModalitySettings,
  { seed, exam, request, accession, studyUid, takenAtMs }: Visit,
  study: Pick<DemoStudy<unknown>, 'series'>,
): PerformedStep {
  if (seed % SILENT_ONE_IN === SILENT_ONE_IN - 1) return { begin: async () => undefined, end: async () => undefined };
  const target = {
    sopClass: SERVICE_CLASSES['performed-procedure-step'],
    sopInstanceUid: uidFrom('performed step', studyUid),
  };
  const [began, ended] = [localTime({ atMs: takenAtMs }, 0), localTime({ atMs: takenAtMs }, 300)];
  const tell = async (say: typeof nCreate, attributes: Parameters<typeof nCreate>[2]) => {
    await settings.switches.untilNot('gone', 'modalities', settings.signal);
    const proposals = [{ sopClass: target.sopClass, transferSyntaxes: SERVICE_SYNTAXES }];
    const opened = await openAssociation(settings, proposals);
    if (!opened.ok) return;
    await say(opened.value, target, attributes);
    await opened.value.release();
  };
  return {
    begin: () =>
      tell(nCreate, {
        ScheduledStepAttributesSequence: [
          {
            ...{ StudyInstanceUID: studyUid, AccessionNumber: accession },
            ...{ RequestedProcedureID: request.procedureId, ScheduledProcedureStepID: request.stepId },
          },
        ],
        PatientName: '',
        PatientID: '',
        PerformedProcedureStepID: `P${seed}`,
        PerformedStationAETitle: settings.callingAe,
        PerformedProcedureStepStartDate: began.date,
        PerformedProcedureStepStartTime: began.time,
        PerformedProcedureStepStatus: 'IN PROGRESS',
        Modality: exam.modality,
        PerformedSeriesSequence: [],
      }),
    end: () =>
      tell(nSet, {
        PerformedProcedureStepStatus: 'COMPLETED',
        PerformedProcedureStepEndDate: ended.date,
        PerformedProcedureStepEndTime: ended.time,
        PerformedSeriesSequence: study.series.map(({ seriesUid, description, instances }) => ({
          SeriesInstanceUID: seriesUid,
          SeriesDescription: description,
          ProtocolName: description,
          ReferencedImageSequence: instances.map(({ sopClassUid, sopUid }) => ({
            ReferencedSOPClassUID: sopClassUid,
            ReferencedSOPInstanceUID: sopUid,
          })),
        })),
      }),
  };
}
