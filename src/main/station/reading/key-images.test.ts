import { afterEach, beforeEach, expect, test } from 'vitest';
import { createUser } from '../access/index.ts';
import { findPatient, getStudyCard, hideObjects, moveStudy, splitStudy, undoIdentityChange } from '../archive/index.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { keyObjectsOf, listKeyImages, type MarkKeyImage, markKeyImage, unmarkKeyImage } from './index.ts';

let clinic: Clinic;
let studyId: string;
let anna: string;
let ben: string;
beforeEach(async () => {
  clinic = openClinic();
  studyId = await clinic.send([aSlice(1), aSlice(2), aSlice(3, { SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2 })]);
  [anna, ben] = [reader('anna', 'Dr Anna Read'), reader('ben', 'Dr Ben\\Look')];
});
afterEach(() => clinic.close());

const actor: Actor = { kind: 'user', id: 'coordinator' };
const said = () => ({ siteId: clinic.north.siteId, reason: 'other' as const, actor, atMs: clinic.nowMs() });

function reader(username: string, displayName: string): string {
  const created = createUser(clinic.db, {
    ...{ username, displayName, passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return created.value;
}

/** What a reader's page says of an image, seen just now. */
function image(userId: string, n: number, change: Partial<MarkKeyImage> = {}): MarkKeyImage {
  const { patientId } = getStudyCard(clinic.db, studyId).patient;
  const identityVersion = findPatient(clinic.db, patientId)?.identityVersion ?? 0;
  const sopUid = n === 3 ? '1.2.10.2.3' : `1.2.10.1.${n}`;
  return {
    ...{ siteId: clinic.north.siteId, studyId, patientId, identityVersion, sopUid, frame: 1, userId },
    atMs: clinic.nowMs(),
    ...change,
  };
}
const mark = (userId: string, n: number, change: Partial<MarkKeyImage> = {}) =>
  markKeyImage(clinic.db, image(userId, n, change));
const unmark = (userId: string, n: number) => unmarkKeyImage(clinic.db, image(userId, n));
const listed = (of = studyId) =>
  listKeyImages(clinic.db, getStudyCard(clinic.db, of)).map(({ sopUid, userId, place }) => [
    sopUid,
    userId === anna ? 'anna' : 'ben',
    place.state,
  ]);
const DONE = { ok: true, value: null };
const refused = (code: string) => ({ ok: false, error: { code } });
const EVERYTHING = new Set(['1.2.10.1.1', '1.2.10.1.2', '1.2.10.2.3']);
const documents = (leaving: ReadonlySet<string> = EVERYTHING) =>
  keyObjectsOf(clinic.db, { studyId, zone: 'Europe/Berlin', leaving });

test('a mark is one reader’s own: made once, told with who and which image, and taken off by them alone', () => {
  expect([mark(anna, 2), mark(anna, 2), mark(ben, 2), mark(anna, 1)]).toEqual([DONE, DONE, DONE, DONE]);
  expect(unmark(ben, 1)).toEqual(DONE);
  expect(listed()).toEqual([
    ['1.2.10.1.1', 'anna', 'here'],
    ['1.2.10.1.2', 'anna', 'here'],
    ['1.2.10.1.2', 'ben', 'here'],
  ]);
  expect([unmark(anna, 2), unmark(anna, 2)]).toEqual([DONE, DONE]);
  expect(listed()).toEqual([
    ['1.2.10.1.1', 'anna', 'here'],
    ['1.2.10.1.2', 'ben', 'here'],
  ]);
  const told = (kind: string) => clinic.events(kind).map(({ studyId: of, payload }) => [of, payload]);
  const of = (userId: string, n: number) => [
    studyId,
    { userId, sopUid: `1.2.10.1.${n}`, frame: 1, identityVersion: 1 },
  ];
  expect(told('key-image-marked')).toEqual([of(anna, 2), of(ben, 2), of(anna, 1)]);
  expect(told('key-image-unmarked')).toEqual([of(anna, 2)]);
});

test('refuses another patient or identity than the reader was shown, what is not of the study or not shown, and leaves no trace', async () => {
  await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.20' })]);
  hideObjects(clinic.db, {
    ...{ ...said(), reason: 'test-images', studyId, level: 'instance', subjects: ['1.2.10.1.2'] },
  });
  expect([
    mark(anna, 1, { patientId: 'somebody' }),
    mark(anna, 1, { identityVersion: 9 }),
    unmarkKeyImage(clinic.db, image(anna, 1, { identityVersion: 9 })),
    mark(anna, 1, { siteId: clinic.south.siteId }),
    mark(anna, 1, { studyId: 'nowhere' }),
    mark(anna, 1, { sopUid: '1.2.20.1.1' }),
    mark(anna, 1, { frame: 2 }),
    mark(anna, 2),
  ]).toEqual([
    ...['identity-changed', 'identity-changed', 'identity-changed', 'study-not-found', 'study-not-found'].map(refused),
    ...['image-not-found', 'image-not-found', 'image-not-found'].map(refused),
  ]);
  expect([listed(), clinic.events('key-image-marked')]).toEqual([[], []]);
});

test('what is given to another patient is carried nowhere until its reader marks it anew; undone, it stands again', async () => {
  await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.20', PatientName: 'Roe^John', PatientID: '99' })]);
  mark(anna, 1);
  mark(ben, 2);
  const before = getStudyCard(clinic.db, studyId).patient.patientId;
  const john = clinic.db.prepare("SELECT patient_id AS id FROM patients WHERE name = 'Roe^John'").get() as {
    id: string;
  };
  const moved = moveStudy(clinic.db, { ...said(), studyId, to: { patientId: john.id } });
  if (!moved.ok) throw new Error(moved.error.code);
  expect(listed().map(([, , state]) => state)).toEqual(['other-patient', 'other-patient']);
  expect(documents()).toEqual([]);
  expect(mark(anna, 1, { patientId: before })).toEqual(refused('identity-changed'));
  expect(mark(anna, 1)).toEqual(DONE);
  expect(listed()).toEqual([
    ['1.2.10.1.1', 'anna', 'here'],
    ['1.2.10.1.2', 'ben', 'other-patient'],
  ]);
  expect(documents()).toMatchObject([{ PatientName: 'Roe^John', PatientID: '99' }]);
  undoIdentityChange(clinic.db, { ...said(), changeId: moved.value.changeId });
  expect(listed().map(([sopUid, , state]) => [sopUid, state])).toEqual([
    ['1.2.10.1.1', 'other-patient'],
    ['1.2.10.1.2', 'here'],
  ]);
});

test('an image that is split off or hidden takes no mark along', () => {
  mark(anna, 1);
  mark(anna, 3);
  const { seriesId } = clinic.db.prepare('SELECT series_id AS seriesId FROM series WHERE number = 2').get() as {
    seriesId: string;
  };
  clinic.pass(1_000_000);
  clinic.runJobs();
  const split = splitStudy(clinic.db, { ...said(), studyId, seriesIds: [seriesId], sopUids: [], to: null });
  if (!split.ok) throw new Error(split.error.code);
  expect([listed(), listed(split.value.newStudyId)]).toEqual([
    [
      ['1.2.10.1.1', 'anna', 'here'],
      ['1.2.10.2.3', 'anna', 'not-here'],
    ],
    [],
  ]);
  hideObjects(clinic.db, { ...said(), reason: 'test-images', studyId, level: 'instance', subjects: ['1.2.10.1.1'] });
  expect(listed().map(([, , state]) => state)).toEqual(['not-here', 'not-here']);
});

test('so many frames are marked and no more', async () => {
  const frames = { NumberOfFrames: 300, PixelData: new Uint16Array(16 * 300) };
  studyId = await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.40', ...frames })]);
  const of = (frame: number) => mark(anna, 1, { sopUid: '1.2.40.1.1', frame });
  for (let frame = 1; frame <= 200; frame += 1) expect(of(frame)).toEqual(DONE);
  expect([of(201), of(200), of(301)]).toEqual([refused('too-many-key-images'), DONE, refused('image-not-found')]);
  expect(listed()).toHaveLength(200);
  const [document] = keyObjectsOf(clinic.db, { studyId, zone: 'Etc/UTC', leaving: new Set(['1.2.40.1.1']) });
  expect(JSON.stringify(document)).toContain(`"ReferencedFrameNumber":[1,2,3,`);
});

test('a description longer than its element takes leaves shortened by whole characters', async () => {
  studyId = await clinic.send([
    aSlice(1, {
      StudyInstanceUID: '1.2.50',
      SpecificCharacterSet: 'ISO_IR 192',
      StudyDescription: `${'𠮷'.repeat(60)}${'x'.repeat(20)}`,
    }),
  ]);
  expect(mark(anna, 1, { sopUid: '1.2.50.1.1' })).toEqual(DONE);
  const [document] = keyObjectsOf(clinic.db, {
    studyId,
    zone: 'Etc/UTC',
    leaving: new Set(['1.2.50.1.1']),
  });
  expect(document?.StudyDescription).toBe(`${'𠮷'.repeat(60)}xxxx`);
});

test('what readers marked leaves as a document of each, the same every time, with the images that leave and stand', () => {
  expect(documents()).toEqual([]);
  mark(anna, 3);
  mark(anna, 1);
  mark(ben, 1);
  const [annas, bens, ...more] = documents();
  expect(more).toEqual([]);
  expect(documents()).toEqual([annas, bens]);
  const reference = { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2' };
  expect(annas).toMatchObject({
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.59', Modality: 'KO', SeriesNumber: 9001, InstanceNumber: 1 },
    ...{ PatientName: 'Doe^Jane', PatientID: '4711', PatientBirthDate: '19600102', PatientSex: 'F' },
    ...{ StudyInstanceUID: '1.2.10', StudyDate: '20260301', StudyTime: '101500', AccessionNumber: 'A1' },
    // 09:00 UTC in winter.
    ...{ ContentDate: '20260302', ContentTime: '100000' },
    ConceptNameCodeSequence: [{ CodeValue: '113000', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Of Interest' }],
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: '1.2.10',
        ReferencedSeriesSequence: [
          {
            SeriesInstanceUID: '1.2.10.1',
            ReferencedSOPSequence: [{ ...reference, ReferencedSOPInstanceUID: '1.2.10.1.1' }],
          },
          {
            SeriesInstanceUID: '1.2.10.2',
            ReferencedSOPSequence: [{ ...reference, ReferencedSOPInstanceUID: '1.2.10.2.3' }],
          },
        ],
      },
    ],
  });
  expect(JSON.stringify(bens)).toContain('"PersonName":"Dr Ben Look"');
  const uids = [annas, bens].flatMap((one) => [one?.['SOPInstanceUID'], one?.['SeriesInstanceUID']]);
  expect(new Set(uids).size).toBe(4);
  const [fewer] = documents(new Set(['1.2.10.1.1']));
  expect(JSON.stringify(fewer)).not.toContain('1.2.10.2.3');
  expect(uids).not.toContain(fewer?.['SOPInstanceUID']);
});
