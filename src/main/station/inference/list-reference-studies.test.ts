import { afterEach, beforeEach, expect, test } from 'vitest';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { brought, person, standAt } from '../testing/governed.ts';
import { aManifest, finishNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { inferenceConsumer, measuringConsumer } from './index.ts';
import { listReferenceStudies } from './list-reference-studies.ts';
import { noteResultsShown } from './silent-results.ts';
import { recordTruth } from './truths.ts';

let clinic: Clinic;
let digest: string;
let userId: string;
beforeEach(() => {
  clinic = openClinic();
  [digest = ''] = brought(clinic, { ...aManifest(), clinicalUse: 'research' });
  standAt(clinic, digest, 'silent');
  userId = person(clinic, 'reader').id;
});
afterEach(() => clinic.close());

async function send(n: number, change: Record<string, string> = {}): Promise<string> {
  clinic.pass(1000);
  const study = { StudyInstanceUID: `1.2.62.${n}`, PatientID: `P${n}`, ...change };
  const studyId = await clinic.send([1, 2, 3, 4, 5].map((slice) => aSlice(slice, study)));
  followLedger(clinic.db, [inferenceConsumer, measuringConsumer], {
    ...{ clock: clinic.archive.clock, log: clinic.log },
  }).catchUp();
  return studyId;
}
const list = (only: 'open' | null = null, after?: string, limit = 50) =>
  listReferenceStudies(clinic.db, { siteId: clinic.north.siteId, userId, only, after, limit });
const say = (studyId: string) =>
  recordTruth(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, modelId: 'bleed', userId, atMs: clinic.nowMs() },
    labels: [{ label: 'bleed', isPresent: true }],
  });

test('a reader is asked of every study of such an exam, whether or not a model has read it and whatever it said', async () => {
  const ids = [await send(1), await send(2), await send(3)];
  const before = list();
  expect(before.studies.map(({ studyId }) => studyId)).toEqual(ids.toReversed());
  expect(before.studies[0]).toEqual({
    studyId: ids[2],
    questions: [{ modelId: 'bleed', label: 'bleed', name: 'Blood', mine: null }],
    isBarred: false,
  });
  finishNext(clinic, 0.99);
  finishNext(clinic, 0.01);
  expect(list()).toEqual(before);
});

test('pages of any length give each study once; the open ones are those where the reader’s word is missing', async () => {
  const ids: string[] = [];
  for (let n = 1; n <= 7; n += 1) ids.push(await send(n));
  say(ids[2] ?? '');
  say(ids[5] ?? '');
  const gathered: string[] = [];
  for (let after: string | undefined, page = 0; page < 9; page += 1) {
    const window = list('open', after, 2);
    gathered.push(...window.studies.map(({ studyId }) => studyId));
    if (window.next === null) break;
    after = window.next;
  }
  expect(gathered).toEqual([ids[6], ids[4], ids[3], ids[1], ids[0]]);
  expect(list().studies.find(({ studyId }) => studyId === ids[2])?.questions[0]?.mine).toBe(true);
});

test('whoever was shown a silent result is not asked of that study any more, and sees why', async () => {
  const [seen, other] = [await send(1), await send(2)];
  const shown = { siteId: clinic.north.siteId, digest, studyIds: [seen], userId, atMs: clinic.nowMs() };
  noteResultsShown(clinic.db, shown);
  expect(list('open').studies.map(({ studyId }) => studyId)).toEqual([other]);
  expect(list().studies.find(({ studyId }) => studyId === seen)?.isBarred).toBe(true);
});

test('studies of other exams and other sites, and of models that stand off, are not asked of', async () => {
  await send(1, {
    BodyPartExamined: 'KNEE',
    StudyDescription: 'CT KNEE',
    SeriesDescription: 'Knee',
    ProtocolName: 'Knee',
  });
  expect(list().studies).toEqual([]);
  await send(2);
  expect(list().studies).toHaveLength(1);
  expect(
    listReferenceStudies(clinic.db, { siteId: clinic.south.siteId, userId, only: null, after: undefined, limit: 9 }),
  ).toEqual({ studies: [], next: null });
  standAt(clinic, digest, 'off');
  expect(list().studies).toEqual([]);
});
