import { afterEach, beforeEach, expect, test } from 'vitest';
import { endAssociation, receiveObject } from '../archive/index.ts';
import { encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { createJobRunner, scheduleJob } from '../platform/jobs/jobs.ts';
import { finishNext, installed } from './models.ts';
import { type Clinic, openClinic } from './clinic.ts';
import { arrivalOf, aSlice, inPieces } from './objects.ts';
import { followAll } from './ward.ts';

/** Everything an object says of a person, so odd that it stands nowhere else. */
const PERSON = {
  PatientName: 'Quetzalcoatlus^Northropi',
  PatientID: 'QQ-77-XX-4711',
  PatientBirthDate: '18990307',
  AccessionNumber: 'ZZACC990',
  StudyDescription: 'Quagga protocol head',
  SeriesDescription: 'Zorilla series head',
  ReferringPhysicianName: 'Okapi^Maximilian',
};
const TRACES = ['quetzalcoatlus', 'northropi', 'qq-77-xx', '18990307', 'zzacc990', 'quagga', 'zorilla', 'okapi'];

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

function expectNoTrace(text: string): void {
  expect(TRACES.filter((trace) => text.toLowerCase().includes(trace))).toEqual([]);
}

test('who the patient is reaches no log, no event, no answer and no error, whatever happens to the object', async () => {
  installed(clinic, 'general', { category: 1 });
  const slice = (n: number, changes = {}) => aSlice(n, { ...PERSON, ...changes });
  const association = clinic.associate();
  const answers: unknown[] = [];
  const receive = async (record: ReturnType<typeof aSlice>, changes = {}) => {
    try {
      answers.push(await receiveObject(clinic.archive, { ...arrivalOf(record), ...changes }, association));
    } catch (error) {
      answers.push(error instanceof Error ? `${error.message} ${error.stack}` : error);
      clinic.log.incident('test-incident', error);
    }
  };
  for (const n of [1, 2, 3, 4, 5, 6]) await receive(slice(n));
  await receive(slice(1, { PixelData: new Uint16Array(16).fill(9) }));
  await receive(slice(1, { PatientID: 'QQ-77-XX-0000' }));
  await receive(slice(7), { body: inPieces(encodeDataset(slice(7)).subarray(0, 500)) });
  await receive(slice(8, { StudyInstanceUID: 'Quetzalcoatlus' }));
  await receive(slice(9), { sopInstanceUid: '1.2.3' });
  await receive(slice(9), {
    body: (async function* () {
      yield encodeDataset(slice(9));
      throw new Error('hung up');
    })(),
  });
  endAssociation(clinic.db, association, { how: 'released', stored: 6, refused: 3, atMs: clinic.nowMs() });
  followAll(clinic);
  finishNext(clinic, 0.9);
  followAll(clinic);
  // A follower and a job that break over the row itself, as a bug would, with the name in the error.
  const rows = JSON.stringify(clinic.db.prepare('SELECT * FROM patients').all());
  expect(rows).toContain('Quetzalcoatlus');
  const broken = () => {
    throw new TypeError(`cannot read ${rows}`);
  };
  const tools = { clock: clinic.archive.clock, log: clinic.log };
  followLedger(clinic.db, [{ name: 'broken', startsFrom: 'beginning', handle: broken }], tools).catchUp();
  scheduleJob(clinic.db, { kind: 'broken', subjectId: 's', siteId: clinic.north.siteId, dueAtMs: 0 });
  createJobRunner(clinic.db, { broken }, tools).runDue();
  expect(clinic.logged()).toContain('event-handling-failed');
  expect(clinic.logged()).toContain('job-failed');
  expectNoTrace(clinic.logged());
  expectNoTrace(JSON.stringify(answers));
  const ledger = [
    clinic.db.prepare('SELECT kind, study_id, patient_id, actor_id, correlation_id FROM events').all(),
    clinic.db.prepare('SELECT payload FROM event_payloads').all(),
  ];
  expect(clinic.events('urgency-set').length).toBeGreaterThan(1);
  expectNoTrace(JSON.stringify(ledger));
});
