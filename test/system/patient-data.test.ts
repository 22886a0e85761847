import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import { associateRequest, dataPdu, rawDicomPeer, storeCommand } from '../peers-scripted/raw-dicom-peer.ts';
import { type Answer, ask, type Asker, jsonBody, openSocket, rowOf, signIn } from './support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from './support/start-station.ts';
import { dataSetOf, type PhantomStudy, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';

const FAMILY = 'Zyxwlinski';
const GIVEN = 'Quintessa';
const MRN = 'MRN7K4Q9X2';
const ACCESSION = 'ACC8J3W5Z1';
const DESCRIPTION = 'VQHEAD SECRETTEXT';
const PASSWORD = 'Pw-never-in-a-log-5519';
/** What may appear in answers to those who may read it, and nowhere else. */
const SECRETS = [FAMILY, GIVEN, MRN, ACCESSION, 'SECRETTEXT', PASSWORD, '19330217'];

let station: RunningStation;
let radiologist: Asker;
let administrator: Asker;
let study: PhantomStudy;
const refusals: Answer[] = [];

/** Which secrets a text holds, in any case. */
const secretsIn = (text: string) => SECRETS.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));

beforeAll(async () => {
  station = await startStation({ demo: true });
  radiologist = await signIn(station, 'radiologist', 'demo');
  administrator = await signIn(station, 'administrator', 'demo');
  study = phantomStudy({
    ...{ seed: 77, matrix: 64, slices: 12, accession: ACCESSION, studyDescription: `${DESCRIPTION} CT HEAD` },
    person: { name: `${FAMILY}^${GIVEN}`, mrn: MRN, issuer: 'ISSUERQ', birthDate: '19330217', sex: 'F' },
  });
  await exercise();
});

afterAll(async () => {
  await station.stop();
  await endEverything();
});

/** Everything a station is asked and told in its day, with the patient's data in every place that takes text. */
async function exercise(): Promise<void> {
  await sendObjects(remoteOf(station), study.objects);
  await sendRefused();
  const { studyId } = await rowOf(radiologist, study.studyUid, ({ images }) => images.completeness !== 'receiving');
  const { client, close } = await openSocket(radiologist);
  await client.worklist.search({ text: FAMILY });
  await client.studies.open({ studyId });
  close();
  const search = (text: string) => radiologist.fetch('/api/v1/worklist/search', jsonBody({ text }));
  for (const text of [FAMILY, MRN, ACCESSION]) {
    const found = JSON.parse((await search(text)).text) as { readonly rows: readonly { readonly studyUid: string }[] };
    expect(found.rows.map(({ studyUid }) => studyUid)).toEqual([study.studyUid]);
  }
  const { seriesUid, sopUid } = study.objects[3] ?? { seriesUid: '', sopUid: '' };
  const web = `/dicomweb/demo/studies`;
  for (const path of [
    ...['', '/findings', '/timeline', '/report'].map((rest) => `/api/v1/studies/${studyId}${rest}`),
    `${web}?PatientID=${MRN}`,
    `${web}?PatientName=${FAMILY}*`,
    `${web}/${study.studyUid}/metadata`,
    `${web}/${study.studyUid}/series/${seriesUid}/instances/${sopUid}`,
  ])
    await radiologist.fetch(path, { headers: { accept: '*/*' } });
  await administrator.fetch('/api/v1/audit/verify', { method: 'POST' });
  refusals.push(
    await ask(station.http, '/api/v1/sessions', jsonBody({ username: FAMILY, password: PASSWORD })),
    await ask(station.http, '/api/v1/sessions', jsonBody({ username: [FAMILY], password: PASSWORD })),
    await ask(station.http, `/api/v1/studies?studyUid=${FAMILY}`),
    await radiologist.fetch(`/api/v1/studies?studyUid=${FAMILY}`),
    await radiologist.fetch(`/api/v1/studies/${FAMILY}`),
    await radiologist.fetch(`/api/v1/findings/${MRN}/overlays/mask-1`),
    await radiologist.fetch(`/api/v1/worklist?filter=${FAMILY}`),
    await radiologist.fetch('/api/v1/worklist/search', jsonBody({ text: FAMILY.repeat(40) })),
    await radiologist.fetch('/api/v1/worklist/search', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"text": ${FAMILY}`,
    }),
    await radiologist.fetch(`/${FAMILY}/${MRN}?name=${GIVEN}`, { method: 'POST' }),
    await radiologist.fetch(`${web}/${FAMILY}`),
    await radiologist.fetch(`${web}?StudyDate=${FAMILY}`),
    await radiologist.fetch(`/dicomweb/${FAMILY}/studies`),
    await radiologist.fetch(`/api/v1/audit/events?studyId=${MRN}`),
  );
}

/** Objects that are refused or set aside, each with the patient's name in it. */
async function sendRefused(): Promise<void> {
  const [first] = study.objects;
  if (first === undefined) throw new Error('no object');
  const whole = instanceFromBytes(first.file);
  if (!whole.ok) throw new Error(whole.error.code);
  const named = { PatientName: `${FAMILY}^${GIVEN}`, PatientID: MRN, AccessionNumber: ACCESSION };
  const lacking = instanceFromBytes(
    encodeInstance({ ...named, SOPClassUID: whole.value.sopClassUid, SOPInstanceUID: '2.25.7701' }),
  );
  const other = phantomStudy({
    seed: 77,
    matrix: 64,
    slices: 12,
    accession: ACCESSION,
    person: { name: `${GIVEN}^${FAMILY}`, mrn: `${MRN}9`, issuer: 'ISSUERQ', birthDate: '19330217', sex: 'M' },
  });
  const conflicting = instanceFromBytes(other.objects[2]?.file ?? new Uint8Array());
  if (!lacking.ok || !conflicting.ok) throw new Error('no instance');
  const cut = dataSetOf(first.file).subarray(0, 600);
  const outcomes = await sendInstances(remoteOf(station), [
    { ...whole.value, sopInstanceUid: '2.25.7702' }, // not the UID within
    { ...whole.value, dataSet: () => [cut] }, // cut short within the header
    lacking.value,
    conflicting.value, // the same study, another patient
  ]);
  expect(outcomes.map((outcome) => ('status' in outcome ? outcome.status.toString(16) : outcome.state))).toEqual([
    'a900',
    'c000',
    'a900',
    '0',
  ]);
  // And one that hangs up in the middle of the name.
  const peer = await rawDicomPeer(station.dicom.port);
  await peer.send(associateRequest([whole.value.sopClassUid], { callingAe: 'MODALITY1', calledAe: 'WETREAD' }));
  await peer.next();
  await peer.send(dataPdu(storeCommand()));
  await peer.send(
    dataPdu({ contextId: 1, isCommand: false, isLast: false, data: dataSetOf(first.file).subarray(0, 500) }),
  );
  await peer.send(Buffer.from(`${FAMILY}^${GIVEN}`.repeat(10)));
  peer.hangUp();
}

test('no log line holds anything of the patient, and no password', () => {
  expect(station.stderr().split('\n').length).toBeGreaterThan(5); // there was something to look at
  expect(secretsIn(station.stderr())).toEqual([]);
  expect(secretsIn(station.stdout())).toEqual([]);
});

test('the metrics hold nothing of the patient', async () => {
  const { text } = await administrator.fetch('/metrics');
  expect(text).toContain('wetread_dicom_objects_total');
  expect(secretsIn(text)).toEqual([]);
});

test('health, status, audit and OpenAPI hold nothing of the patient', async () => {
  for (const path of [
    '/health/ready',
    '/api/v1/station/status',
    '/api/v1/audit/events?limit=500',
    '/api/v1/openapi.json',
  ]) {
    const { status, text } = await administrator.fetch(path);
    expect([200, 503]).toContain(status);
    expect({ path, secrets: secretsIn(text) }).toEqual({ path, secrets: [] });
  }
});

test('no refusal repeats what it was asked', () => {
  expect(refusals.map(({ status }) => status).findIndex((status) => status < 400)).toBe(-1);
  expect(refusals.flatMap(({ text, headers }) => secretsIn(text + JSON.stringify([...headers])))).toEqual([]);
});

test('quarantined objects are counted on the row, and their reasons told without their contents', async () => {
  const { studyId } = await rowOf(radiologist, study.studyUid);
  const { row, quarantine } = await radiologist.study(studyId);
  expect(row).toMatchObject({ quarantined: 1, patient: { underInvestigation: true } });
  expect(quarantine).toMatchObject([{ reason: 'same-uid-other-patient' }]);
});
