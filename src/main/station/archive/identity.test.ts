import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { Config } from '../platform/config.ts';
import { aSlice, without } from '../testing/objects.ts';
import { openRetrieving } from './associations.ts';
import {
  configurePeers,
  findStudies,
  findStudyIdByUid,
  getStudyCard,
  listPeers,
  listPriorIds,
  peerSettings,
} from './index.ts';

let clinic: Clinic;
let studies: number;
beforeEach(() => {
  clinic = openClinic();
  studies = 0;
});
afterEach(() => clinic.close());

async function patientOf(
  changes: DicomRecord,
  callingAe: 'CT1' | 'PACS' | 'SOUTH' = 'CT1',
  ...left: readonly string[]
) {
  studies += 1;
  const id = await clinic.send(
    [without(aSlice(1, { StudyInstanceUID: `1.2.${studies}`, ...changes }), ...left)],
    callingAe,
  );
  return { id, ...getStudyCard(clinic.db, id).patient };
}

test('the same number of the same issuer is the same patient, and earlier studies are priors', async () => {
  const first = await patientOf({ IssuerOfPatientID: 'RIS' });
  const second = await patientOf({ IssuerOfPatientID: 'RIS', StudyDate: '20260401' });
  expect(second.patientId).toBe(first.patientId);
  expect([listPriorIds(clinic.db, second.id), getStudyCard(clinic.db, second.id).priors]).toEqual([[first.id], 1]);
});

test.each<[string, DicomRecord, 'CT1' | 'SOUTH']>([
  ['another number', { PatientID: '4712' }, 'CT1'],
  ['the same number of another issuer', { IssuerOfPatientID: 'RIS' }, 'CT1'],
  ['the same number at another site', {}, 'SOUTH'],
])('%s is another patient', async (_what, changes, callingAe) => {
  const first = await patientOf({});
  const second = await patientOf(changes, callingAe);
  expect(second.patientId).not.toBe(first.patientId);
  expect(listPriorIds(clinic.db, second.id)).toEqual([]);
});

test('without a patient id every study is a patient of its own, whatever the name, and shows no number', async () => {
  const first = await patientOf({}, 'CT1', 'PatientID');
  const second = await patientOf({ PatientID: '' });
  expect(second.patientId).not.toBe(first.patientId);
  expect([first.mrn, second.mrn]).toEqual([null, null]);
  expect([first.name, second.name]).toEqual(['Doe^Jane', 'Doe^Jane']);
});

test('images of a study without patient id belong together', async () => {
  const records = [1, 2].map((n) => without(aSlice(n, { StudyInstanceUID: '1.2.50' }), 'PatientID'));
  const id = await clinic.send(records);
  expect(getStudyCard(clinic.db, id)).toMatchObject({ images: 2, quarantined: 0 });
});

test('a patient number that looks like a study is not taken for one', async () => {
  const nameless = await patientOf({ StudyInstanceUID: '1.2.60' }, 'CT1', 'PatientID');
  const numbered = await patientOf({ StudyInstanceUID: '1.2.61', PatientID: '1.2.60' });
  expect(numbered.patientId).not.toBe(nameless.patientId);
});

test('shows who the object said the patient is', async () => {
  expect(await patientOf({ IssuerOfPatientID: 'RIS' })).toMatchObject({
    name: 'Doe^Jane',
    birthDateRaw: '19600102',
    sex: 'F',
    mrn: '4711',
    issuer: 'RIS',
  });
  expect(await patientOf({ PatientID: '1' }, 'CT1', 'PatientName', 'PatientBirthDate', 'PatientSex')).toMatchObject({
    name: '',
    birthDateRaw: null,
    sex: null,
    issuer: null,
  });
});

test.each<[string, DicomRecord]>([
  ['was born on another day', { PatientBirthDate: '19900202' }],
  ['is of the other sex', { PatientSex: 'M' }],
  ['has another name, with no birth date to confirm it', { PatientName: 'Baker^Mary', PatientBirthDate: '' }],
])('somebody who %s is shown as themselves, in doubt, not as whoever had that number first', async (_what, changes) => {
  const first = await patientOf({ PatientID: 'UNKNOWN' });
  const second = await patientOf({ PatientID: 'UNKNOWN', PatientName: 'Baker^Mary', ...changes });
  expect(second).toMatchObject({ name: 'Baker^Mary', mrn: 'UNKNOWN' });
  expect(second.patientId).not.toBe(first.patientId);
  expect(listPriorIds(clinic.db, second.id)).toEqual([]);
  expect([first.id, second.id].map((id) => getStudyCard(clinic.db, id).identityInDoubt)).toEqual([false, true]);
  // Its later images are its own, and a third study is not guessed to be hers.
  await clinic.send([
    aSlice(2, { StudyInstanceUID: '1.2.2', PatientID: 'UNKNOWN', PatientName: 'Baker^Mary', ...changes }),
  ]);
  expect(getStudyCard(clinic.db, second.id)).toMatchObject({ images: 2, quarantined: 0 });
  const third = await patientOf({ PatientID: 'UNKNOWN', PatientName: 'Baker^Mary', ...changes });
  expect([first.patientId, second.patientId]).not.toContain(third.patientId);
});

test.each<[string, DicomRecord, DicomRecord]>([
  ['nothing of the name the same', {}, { PatientName: 'Smith^Mary' }],
  [
    'two names and the birth date of nobody',
    { PatientName: 'Trauma^One', PatientBirthDate: '19000101' },
    { PatientName: 'Trauma^Two', PatientBirthDate: '19000101' },
  ],
  [
    'two names and the first day there was',
    { PatientName: 'Trauma^One', PatientBirthDate: '00010101' },
    { PatientName: 'Trauma^Two', PatientBirthDate: '00010101' },
  ],
  [
    'two names and the day of the exam as birth date',
    { PatientName: 'Trauma^One', PatientBirthDate: '20260301', StudyDate: '20260301' },
    { PatientName: 'Trauma^Two', PatientBirthDate: '20260301', StudyDate: '20260301' },
  ],
])('the same number and sex with %s is two people, the second in doubt', async (_what, one, other) => {
  const [first, second] = [await patientOf(one), await patientOf(other)];
  expect(second.patientId).not.toBe(first.patientId);
  expect([first.id, second.id].map((id) => getStudyCard(clinic.db, id).identityInDoubt)).toEqual([false, true]);
  expect(listPriorIds(clinic.db, second.id)).toEqual([]);
});

test.each<[string, DicomRecord, boolean]>([
  ['the same name and birth date', {}, true],
  ['a name of the same key', { PatientName: 'Doe^Joan' }, false],
  ['no birth date', { PatientBirthDate: '' }, false],
  ['no name', { PatientName: '' }, false],
])('a number that stands for none joins nobody by itself; with %s: %s', async (_what, changes, isJoined) => {
  for (const PatientID of ['UNKNOWN', 'unknown', '0', '000', 'n/a', '???', 'XXXX', 'Anonymous']) {
    const first = await patientOf({ PatientID });
    const second = await patientOf({ PatientID, ...changes });
    expect([PatientID, second.patientId === first.patientId]).toEqual([PatientID, isJoined]);
    clinic.close();
    clinic = openClinic();
  }
});

test('the name of a newborn may change once a later exam shows that the birth date is theirs', async () => {
  const born = { PatientBirthDate: '20260301' };
  const first = await patientOf({ ...born, PatientName: 'Doe^Baby', StudyDate: '20260301' });
  const later = await patientOf({ ...born, PatientName: 'Doe^Emma', StudyDate: '20260305' });
  expect(later.patientId).toBe(first.patientId);
});

test.each<[string, DicomRecord, boolean]>([
  ['another name and the same birth date', { PatientName: 'Doe-Smith^Jane' }, true],
  ['the same name written longer', { PatientName: 'DOE^JANE^ANN' }, false],
  ['nothing but the number', { PatientName: '', PatientBirthDate: '', PatientSex: '' }, false],
  ['a birth date written as ACR-NEMA did', { PatientBirthDate: '1960.01.02' }, false],
])('%s is the same patient; in doubt: %s', async (_what, changes, inDoubt) => {
  const first = await patientOf({});
  const second = await patientOf(changes);
  expect(second.patientId).toBe(first.patientId);
  expect([first.id, second.id].map((id) => getStudyCard(clinic.db, id).identityInDoubt)).toEqual([false, inDoubt]);
});

test('each study shows its patient as its own objects do', async () => {
  await patientOf({});
  const second = await patientOf({ PatientName: 'Doe-Smith^Jane', PatientBirthDate: '1960.01.02' });
  expect(second).toMatchObject({
    ...{ name: 'Doe-Smith^Jane', nameKey: 'doesmith^j', birthDateRaw: '1960.01.02', sex: 'F', mrn: '4711' },
  });
  const number = await patientOf({ PatientName: '', PatientBirthDate: '', PatientSex: '' });
  expect(number).toMatchObject({ name: '', birthDateRaw: null, sex: null, mrn: '4711' });
  expect(
    findStudies(clinic.db, [clinic.north.siteId], { patientName: 'Doe-S*' }, { limit: 9, offset: 0 }),
  ).toMatchObject([{ patientName: 'Doe-Smith^Jane', birthDateRaw: '1960.01.02' }]);
});

test('what the first object leaves out, a later one of the study says', async () => {
  const { id } = await patientOf({ PatientName: '', PatientBirthDate: '' });
  await clinic.send([aSlice(2, { StudyInstanceUID: '1.2.1' })]);
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    identityInDoubt: false,
    patient: { name: 'Doe^Jane', birthDateRaw: '19600102' },
  });
});

test('a study whose objects spell the name in two ways keeps all of them, and is in doubt', async () => {
  const { id } = await patientOf({});
  await clinic.send([aSlice(2, { StudyInstanceUID: '1.2.1', PatientName: 'Dow^Jane' })]);
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    ...{ images: 2, quarantined: 0, identityInDoubt: true },
    patient: { name: 'Doe^Jane' },
  });
});

test.each([
  [['A', 'B'], 1],
  [['', 'A', 'B'], 1],
  [['A', '', 'B'], 1],
  [['', 'A', '', 'A', 'B', 'B'], 2],
  [['', 'A', ''], 0],
  [['', '', 'A', 'A'], 0],
])(
  'of the issuers %j in one study %i objects contradict those before them, in whatever order they come',
  async (all, aside) => {
    const slices = all.map((IssuerOfPatientID, index) => aSlice(index + 1, { IssuerOfPatientID }));
    const id = await clinic.send(slices);
    expect(getStudyCard(clinic.db, id)).toMatchObject({ images: all.length - aside, quarantined: aside });
  },
);

/** Peers of the north site from two hospitals: each issues the numbers it sends without an issuer, or nobody says who does. */
function issuers(ct1: string | undefined, pacs: string | undefined): void {
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new', issuerOfPatientId: ct1 },
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison', issuerOfPatientId: pacs },
  ]);
}

test('a number without an issuer is of the one configured for its sender, whether others name it or not', async () => {
  issuers('RIS', 'RIS');
  const bare = await patientOf({});
  const named = await patientOf({ IssuerOfPatientID: 'RIS' });
  expect([bare.issuer, named.patientId, named.issuer]).toEqual(['RIS', bare.patientId, 'RIS']);
  expect((await patientOf({ IssuerOfPatientID: 'OTHER' })).patientId).not.toBe(bare.patientId);
});

test('two hospitals that give the same number without an issuer to two people, or to one, keep them apart', async () => {
  issuers('A', 'B');
  const first = await patientOf({});
  const second = await patientOf({}, 'PACS');
  expect([first.issuer, second.issuer, second.patientId === first.patientId]).toEqual(['A', 'B', false]);
});

test.each<[string, DicomRecord, boolean]>([
  ['the same name and birth date', {}, true],
  ['another name', { PatientName: 'Dow^Jane' }, false],
  ['another birth date', { PatientBirthDate: '19600103' }, false],
  ['no birth date', { PatientBirthDate: '' }, false],
])(
  'once it is configured who issues, a number known before without issuer and with %s is theirs: %s',
  async (_what, changes, isTheirs) => {
    const before = await patientOf({});
    issuers('RIS', undefined);
    expect((await patientOf(changes)).patientId === before.patientId).toBe(isTheirs);
    // A study that is being received goes on.
    await clinic.send([aSlice(2, { StudyInstanceUID: '1.2.1' })]);
    expect(getStudyCard(clinic.db, before.id)).toMatchObject({ images: 2, quarantined: 0 });
  },
);

test('what a person let in, and what was fetched, is of its sender’s issuer too', async () => {
  issuers('RIS', 'RIS');
  const first = await patientOf({});
  const association = openRetrieving(
    clinic.db,
    { siteId: clinic.north.siteId, peerId: listPeers(clinic.db, clinic.north.siteId)[1]?.peerId ?? '' },
    'fetched',
    clinic.nowMs(),
  );
  await clinic.receive(association, aSlice(1, { StudyInstanceUID: '1.2.70' }));
  const fetched = findStudyIdByUid(clinic.db, clinic.north.siteId, '1.2.70') ?? '';
  expect(getStudyCard(clinic.db, fetched).patient.patientId).toBe(first.patientId);
});

test('the default of a site goes to its peers, unless one of them says otherwise', () => {
  const config = Config.parse({
    site: { code: 'north', issuerOfPatientId: 'NORTH' },
    sites: [{ code: 'south', name: 'South', issuerOfPatientId: 'SOUTH' }],
    dicom: {
      titles: [{ aeTitle: 'SOUTHWR', site: 'south', intent: 'new' }],
      peers: [
        { aeTitle: 'CT1', address: '10.0.0.1' },
        { aeTitle: 'CT2', address: '10.0.0.2', issuerOfPatientId: 'GUEST' },
        { aeTitle: 'CT3', address: '10.0.0.3', calls: ['SOUTHWR'] },
      ],
    },
  });
  const issuersOf = (code: string) => peerSettings(config, code).map((peer) => [peer.aeTitle, peer.issuerOfPatientId]);
  expect(issuersOf('north')).toEqual([
    ['CT1', 'NORTH'],
    ['CT2', 'GUEST'],
  ]);
  expect(issuersOf('south')).toEqual([['CT3', 'SOUTH']]);
});
