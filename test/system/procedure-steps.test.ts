import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { openAssociation, type OpenAssociation } from '../../src/main/station/dicom/open-association.ts';
import { SERVICE_SYNTAXES } from '../../src/main/station/dicom/services/ask.ts';
import { nCreate, nSet } from '../../src/main/station/dicom/services/normalized.ts';
import { SERVICE_CLASSES } from '../../src/main/station/dicom/services/sop-classes.ts';
import { ADMINISTRATOR_PASSWORD, type Asker, rowOf, signIn, signInFirst } from './support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from './support/start-station.ts';
import { availabilityNotice, stepBegins, stepEnds } from './support/steps.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';

let station: RunningStation;
let administrator: Asker;
const STEP = SERVICE_CLASSES['performed-procedure-step'];
const NOTICE = SERVICE_CLASSES['instance-availability'];

beforeAll(async () => {
  station = await startStation();
  administrator = await signInFirst(station);
});
afterAll(async () => {
  await station.stop();
  await endEverything();
});

/** What a modality says over an association of its own; gives the statuses answered. */
async function say(...messages: readonly ((association: OpenAssociation) => ReturnType<typeof nCreate>)[]) {
  const proposals = [STEP, NOTICE].map((sopClass) => ({ sopClass, transferSyntaxes: SERVICE_SYNTAXES }));
  const opened = await openAssociation(remoteOf(station), proposals);
  if (!opened.ok) throw new Error(opened.error.code);
  const answers: (readonly [status: number, errorId: number | null])[] = [];
  for (const message of messages) {
    const answer = await message(opened.value);
    if (!answer.ok) throw new Error(answer.error.code);
    answers.push([answer.value.status, answer.value.errorId]);
  }
  await opened.value.release();
  return answers;
}
const begin = (sopInstanceUid: string, attributes: DicomRecord) => (association: OpenAssociation) =>
  nCreate(association, { sopClass: STEP, sopInstanceUid }, attributes);
const set = (sopInstanceUid: string, attributes: DicomRecord) => (association: OpenAssociation) =>
  nSet(association, { sopClass: STEP, sopInstanceUid }, attributes);
const announce = (sopInstanceUid: string, attributes: DicomRecord) => (association: OpenAssociation) =>
  nCreate(association, { sopClass: NOTICE, sopInstanceUid }, attributes);

test('a modality reports its step; the study is complete once all it names is here, and a killed station remembers', async () => {
  const study = phantomStudy({ seed: 71, matrix: 64, slices: 10 });
  const uids = study.objects.map(({ sopUid }) => sopUid);
  expect(await say(begin('1.9.71', stepBegins(study.studyUid)), begin('1.9.71', stepBegins(study.studyUid)))).toEqual([
    [0, null],
    [0x0111, null],
  ]);
  const [last, ...others] = study.objects.toReversed();
  expect(notAccepted(await sendObjects(remoteOf(station), others))).toEqual([]);
  const marked = await rowOf(administrator, study.studyUid, ({ images }) => images.completeness === 'assumed');
  expect(marked.images).toMatchObject({ received: others.length, marks: [{ code: 'step-in-progress', count: 1 }] });
  const { data } = station;
  await station.kill();
  station = await startStation({ data });
  expect(
    await say(
      set('1.9.71', stepEnds('COMPLETED', uids)),
      set('1.9.71', stepEnds('DISCONTINUED', uids)),
      set('1.9.72', stepEnds('COMPLETED', uids)),
    ),
  ).toEqual([
    [0, null],
    [0x0110, 0xa710],
    [0x0112, null],
  ]);
  administrator = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
  const awaited = await rowOf(administrator, study.studyUid, ({ images }) => images.expected === uids.length);
  expect(awaited.images.marks).toEqual([{ code: 'fewer-than-expected', expected: uids.length, here: others.length }]);
  if (last !== undefined) await sendObjects(remoteOf(station), [last]);
  const row = await rowOf(administrator, study.studyUid, ({ images }) => images.completeness === 'complete');
  expect(row.images).toMatchObject({ received: uids.length, expected: uids.length, marks: [] });
  expect((await administrator.study(row.studyId)).completeness).toMatchObject({
    ...{ rule: 'performed-steps-completed', named: uids.length, awaited: 0 },
    sources: [{ kind: 'performed-steps', from: 'MODALITY1', state: 'completed', instances: uids.length }],
  });
  expect((await administrator.verifyLedger()).outcome).toBe('intact');
});

test('a notice names more than came: the study says how much is missing; what is malformed is refused', async () => {
  const study = phantomStudy({ seed: 72, matrix: 64, slices: 10 });
  const uids = [...study.objects.map(({ sopUid }) => sopUid), '1.2.3.4'];
  expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
  expect(
    await say(
      announce('1.8.72', availabilityNotice(study.studyUid, uids, 'SOMEWHERE')),
      announce('1.8.72', availabilityNotice(study.studyUid, uids)),
      announce('', availabilityNotice(study.studyUid, uids)), // leaves the UID to us
    ),
  ).toEqual([
    [0x0106, null],
    [0, null],
    [0, null],
  ]);
  const row = await rowOf(administrator, study.studyUid, ({ images }) => images.completeness === 'assumed');
  expect(row.images).toMatchObject({
    ...{ received: study.objects.length, expected: uids.length },
    marks: [{ code: 'fewer-than-expected', expected: uids.length, here: study.objects.length }],
  });
});
