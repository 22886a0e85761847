import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../platform/config.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, arrivalOf, without } from '../testing/objects.ts';
import { aStep, readRecord } from '../testing/steps.ts';
import { IS_BEING_PERFORMED } from './arriving-intent.ts';
import { openRetrieving } from './associations.ts';
import {
  admitAssociation,
  configurePeers,
  createStep,
  findStudyCard,
  findStudyIdByUid,
  peerSettings,
  receiveObject,
} from './index.ts';
import { claimRetrieval, endRetrieval, noteRetrieval, requestRetrieval, WAS_BROKEN_OFF } from './retrievals.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const card = (uid = '1.2.10') => findStudyCard(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, uid) ?? '');
const intent = (uid?: string) => [card(uid)?.intent, card(uid)?.intentBecause];
const promoted = () => clinic.events('study-promoted').map(({ payload }) => payload);

test('a study sent for comparison says so; one whose modality sends all of it, a slice more too, becomes new', async () => {
  await clinic.send([aSlice(1), aSlice(2)], 'PACS');
  expect(intent()).toEqual(['comparison', 'as-sent']);
  const modality = clinic.associate('CT1');
  await clinic.receive(modality, aSlice(1));
  expect(intent()).toEqual(['new', null]);
  expect(promoted()).toEqual([{ from: 'comparison', because: 'sent-as-new', associationId: modality.associationId }]);
  await clinic.receive(modality, aSlice(2), aSlice(3));
  expect(clinic.events('instance-received').map(({ payload }) => payload.intent)).toEqual([
    'comparison',
    'comparison',
    'new',
  ]);
  expect(promoted()).toHaveLength(1);
});

test('a new image alone makes it new, and what differs in its pixels does too though it is set aside', async () => {
  await clinic.send([aSlice(1)], 'PACS');
  await clinic.send([aSlice(2)], 'CT1');
  expect(intent()).toEqual(['new', null]);
  const other = { StudyInstanceUID: '1.2.11' };
  await clinic.send([aSlice(1, other)], 'PACS');
  await clinic.receive(clinic.associate('CT1'), aSlice(1, { ...other, PixelData: new Uint16Array(16).fill(999) }));
  expect(intent('1.2.11')).toEqual(['new', null]);
});

test('what another patient or the same peer for comparison sends makes nothing new', async () => {
  await clinic.send([aSlice(1)], 'PACS');
  await clinic.send([aSlice(1), aSlice(2)], 'PACS');
  await clinic.receive(
    clinic.associate('CT1'),
    aSlice(1, { PatientID: 'other', PatientName: 'Other^One', PatientBirthDate: '19990909' }),
  );
  expect([intent(), promoted()]).toEqual([['comparison', 'as-sent'], []]);
});

/** The site's peers, with CT1 and an archive ARC whose studies are new, as the configuration says. */
function configure(more: Record<string, unknown> = {}): void {
  const address = '10.0.0.1';
  const peers = [
    { aeTitle: 'CT1', address },
    { aeTitle: 'PACS', address, intent: 'comparison' },
    { aeTitle: 'ARC', address, host: 'arc.example', port: 104, isArchive: true },
    { aeTitle: 'ROUTER', address, newWithinDays: 7 },
  ];
  const config = Config.parse({ site: { code: 'north' }, dicom: { peers, ...more } });
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', peerSettings(config, 'north'));
}
let associations = 0;
function associate(callingAe: string) {
  const offer = { callingAe, calledAe: 'WETREAD', address: '10.0.0.1' };
  const admitted = admitAssociation(clinic.db, offer, `age-${(associations += 1)}`, clinic.nowMs());
  if (!admitted.ok) throw new Error(admitted.error.code);
  return admitted.value;
}
const at = (StudyInstanceUID: string, StudyDate: string | null) =>
  StudyDate === null
    ? without(aSlice(1, { StudyInstanceUID }), 'StudyDate')
    : aSlice(1, { StudyInstanceUID, StudyDate });

// Now is 2 March 2026.
test.each<[string, string | null, unknown]>([
  ['ARC', '20260301', ['new', null]],
  ['ARC', '20260131', ['new', null]],
  ['ARC', '20260129', ['comparison', 'study-date']],
  ['ARC', '20190102', ['comparison', 'study-date']],
  ['ARC', null, ['new', null]],
  ['ARC', '2019', ['new', null]],
  ['ARC', '20261224', ['new', null]],
  ['CT1', '20000101', ['new', null]],
  ['ROUTER', '20260210', ['comparison', 'study-date']],
  ['ROUTER', '20260226', ['new', null]],
])('%s sends a study of %s', async (callingAe, date, expected) => {
  configure();
  await clinic.receive(associate(callingAe), at('1.2.50', date));
  expect(intent('1.2.50')).toEqual(expected);
  // More of it from the same peer says no more.
  await clinic.receive(associate(callingAe), { ...at('1.2.50', date), SOPInstanceUID: '1.2.50.1.2' });
  expect(intent('1.2.50')).toEqual(expected);
});

test("days are the configuration's to say", async () => {
  configure({ newWithinDays: 3650 });
  await clinic.receive(associate('ARC'), at('1.2.50', '20190102'));
  expect(intent('1.2.50')).toEqual(['new', null]);
});

test('an old date is not believed of a study whose modality reports a step of it now, before or after its images', async () => {
  configure();
  const report = (studyUid: string) =>
    createStep(clinic.db, {
      sopUid: `${studyUid}.9`,
      dataset: readRecord(aStep(studyUid)),
      association: associate('CT1'),
      rules: clinic.archive.quiet,
      atMs: clinic.nowMs(),
    }).status;
  expect(report('1.2.51')).toBe('success');
  await clinic.receive(associate('ARC'), at('1.2.51', '20000101'));
  await clinic.receive(associate('ARC'), at('1.2.52', '20000101'));
  expect([intent('1.2.51'), intent('1.2.52')]).toEqual([
    ['new', null],
    ['comparison', 'study-date'],
  ]);
  expect(report('1.2.52')).toBe('success');
  expect(intent('1.2.52')).toEqual(['new', null]);
  expect(promoted()).toEqual([{ from: 'comparison', because: 'procedure-step' }]);
});

test('what we fetch is for comparison, however it comes, and stays so while its peer still sends', async () => {
  configure();
  const { siteId } = clinic.north;
  const { peerId } = associate('ARC').peer;
  const actor = { kind: 'user', id: 'u' } as const;
  const wanted = { siteId, peerId, studyUid: '1.2.60', wantedBy: 'c-move', because: 'comparison', actor } as const;
  const requested = requestRetrieval(clinic.db, { ...wanted, atMs: clinic.nowMs() });
  if (!requested.ok) throw new Error(requested.error.code);
  const { retrievalId } = requested.value;
  claimRetrieval(clinic.db, retrievalId, clinic.nowMs());
  await clinic.receive(associate('ARC'), aSlice(1, { StudyInstanceUID: '1.2.60' }));
  expect(intent('1.2.60')).toEqual(['comparison', 'fetched']);
  noteRetrieval(clinic.db, retrievalId, { how: 'c-move' });
  endRetrieval(clinic.db, retrievalId, { state: 'cancelled', code: null }, actor, clinic.nowMs());
  clinic.pass(59_000);
  await clinic.receive(associate('ARC'), aSlice(2, { StudyInstanceUID: '1.2.60' }));
  expect(intent('1.2.60')).toEqual(['comparison', 'fetched']);
  clinic.pass(3_600_000);
  const named = { ...arrivalOf(aSlice(3, { StudyInstanceUID: '1.2.60' })), moveOriginatorAe: 'WETREAD' };
  await receiveObject(clinic.archive, named, associate('ARC'));
  const own = openRetrieving(clinic.db, { siteId, peerId }, 'age-get', clinic.nowMs());
  await clinic.receive(own, aSlice(4, { StudyInstanceUID: '1.2.60' }));
  expect([intent('1.2.60'), promoted()]).toEqual([['comparison', 'fetched'], []]);
  // Its modality's word counts, and so does the archive's own once nobody asks for it any more.
  await clinic.receive(associate('ARC'), aSlice(5, { StudyInstanceUID: '1.2.60' }));
  expect(intent('1.2.60')).toEqual(['new', null]);
});

test('the questions walk their indexes', () => {
  expect([WAS_BROKEN_OFF, IS_BEING_PERFORMED].map((sql) => planOf(clinic.db, sql).join('; '))).toEqual([
    expect.stringContaining('retrievals_by_study'),
    expect.stringContaining('PRIMARY KEY (site_id=? AND study_uid=?'),
  ]);
});
