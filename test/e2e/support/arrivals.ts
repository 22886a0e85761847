import { encodeInstance } from '../../../src/main/station/dicom/dataset/write-dataset.ts';
import { PEOPLE } from '../../../demo/people.ts';
import { uidFrom } from '../../../demo/uid.ts';
import type { RemoteAe } from '../../../src/main/station/dicom/open-association.ts';
import type { RunningStation } from '../../system/support/start-station.ts';
import {
  notAccepted,
  type PhantomStudy,
  phantomStudy,
  remoteOf,
  type SentStudy,
  sendObjects,
} from '../../system/support/studies.ts';

const QUICK = { matrix: 256, withScout: false } as const;

/** A head CT of the demo person with this number, small enough to be sent in a moment, in which AI flags nothing. */
export function quietHead(person: number): PhantomStudy {
  return phantomStudy({ seed: 100 + person, person: personOf(person), ...QUICK });
}

/** As `quietHead`, with a bleed that the reference algorithm flags. */
export function bleedingHead(person: number): PhantomStudy {
  const bleed = { kind: 'intraparenchymal', volumeMl: 30 } as const;
  return phantomStudy({ seed: 200 + person, person: personOf(person), bleed, ...QUICK });
}

/** A study that holds a dose report and no image. */
export function studyWithoutImages(person: number): SentStudy {
  const { name, mrn, issuer, birthDate, sex } = personOf(person);
  const [studyUid, seriesUid, sopUid] = ['study', 'series', 'report'].map((part) => uidFrom('no-images', person, part));
  if (studyUid === undefined || seriesUid === undefined || sopUid === undefined) throw new Error('no UIDs');
  const file = encodeInstance({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.67', // X-Ray Radiation Dose SR
    SOPInstanceUID: sopUid,
    StudyInstanceUID: studyUid,
    SeriesInstanceUID: seriesUid,
    Modality: 'SR',
    SeriesNumber: 997,
    SeriesDescription: 'Dose Report',
    StudyDescription: 'CT HEAD WITHOUT CONTRAST',
    StudyDate: '20260115',
    StudyTime: '090000',
    AccessionNumber: `N${person}`,
    PatientName: name,
    PatientID: mrn,
    IssuerOfPatientID: issuer,
    PatientBirthDate: birthDate,
    PatientSex: sex,
  });
  return { studyUid, objects: [{ studyUid, seriesUid, sopUid, file }] };
}

/** Sends studies one after the other, and throws where the station does not take every object. */
export async function arrive(
  station: RunningStation,
  studies: readonly SentStudy[],
  change: Partial<RemoteAe> = {},
): Promise<void> {
  for (const { objects } of studies) {
    const refused = notAccepted(await sendObjects(remoteOf(station, change), objects));
    if (refused.length > 0) throw new Error(`the station refused ${refused.length} objects`);
  }
}

function personOf(number: number) {
  const person = PEOPLE[number];
  if (person === undefined) throw new Error(`the demo has no person ${number}`);
  return person;
}
