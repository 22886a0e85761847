import { afterEach, beforeEach, expect, test } from 'vitest';
import { PilotScope } from '../../../shared/domain/exposure.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishNext, installed, type TestModel } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { followAll } from '../testing/ward.ts';
import { listModelReadings, listModels } from './index.ts';
import { moveExposure } from './move-exposure.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const READER = '0196c0de-0000-7000-8000-000000000001';
const NEURO = '0196c0de-0000-7000-8000-000000000002';
const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
async function sendHead(callingAe: 'CT1' | 'PACS' = 'CT1', changes = {}) {
  const id = await clinic.send(
    VOLUME.map((n) => aSlice(n, changes)),
    callingAe,
  );
  followAll(clinic);
  return id;
}
const readings = (studyId: string, viewerId = READER) => listModelReadings(clinic.db, { studyId, viewerId });
const saidOf = (studyId: string) => readings(studyId).map(({ model, state, reason }) => [model.id, state, reason]);
const fitting = (id: string, appliesTo: NonNullable<TestModel['appliesTo']>): TestModel => ({ id, appliesTo });

test('each shown model says whether it read the study, or what of the exam is other', async () => {
  installed(
    clinic,
    'general',
    fitting('a', {}),
    fitting('b', { modalities: ['MR'] }),
    fitting('c', { bodyParts: ['CHEST'], descriptionPatterns: [] }),
    fitting('d', { excludedDescriptionPatterns: ['head'] }),
    fitting('e', { slices: { min: 20, max: 100 } }),
  );
  const id = await sendHead('CT1', { StudyDescription: 'CT head' });
  finishNext(clinic, 0.1);
  expect(saidOf(id)).toEqual([
    ['a', 'read', null],
    ['b', 'not-this-exam', 'other-modality'],
    ['c', 'not-this-exam', 'other-region'],
    ['d', 'not-this-exam', 'excluded-description'],
    ['e', 'no-eligible-series', null],
  ]);
  const [read, , , , few] = readings(id);
  expect([read?.seriesUid, few?.refused, few?.refusedCount]).toEqual([
    '1.2.10.1',
    [{ seriesUid: '1.2.10.1', reason: 'too-few-images' }],
    1,
  ]);
});

test('a model that read the study says which series it refused, and one that could have why it has not', async () => {
  installed(clinic, 'general', { id: 'old' });
  const id = await clinic.send([
    ...VOLUME.map((n) => aSlice(n)),
    aSlice(1, { SeriesInstanceUID: '1.2.10.9', SeriesNumber: 9, ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }),
  ]);
  followAll(clinic);
  expect(readings(id)[0]?.refused).toEqual([{ seriesUid: '1.2.10.9', reason: 'too-few-images' }]);
  installed(clinic, 'general', { id: 'since' });
  expect(saidOf(id).at(-1)).toEqual(['since', 'fits', 'not-shown-then']);
  const prior = await sendHead('PACS', { StudyInstanceUID: '1.2.11', SeriesInstanceUID: '1.2.11.1' });
  expect(saidOf(prior)).toEqual([
    ['old', 'fits', 'not-new'],
    ['since', 'fits', 'not-new'],
  ]);
});

test('of silent models, pilots for others and models that are taken back nothing is told, whether or not they read the study', async () => {
  installed(clinic, 'general', { id: 'shown' });
  installed(clinic, 'silent', { id: 'silent' }, { id: 'pilot' });
  const pilot = listModels(clinic.db).find(({ manifest }) => manifest.id === 'pilot');
  if (pilot === undefined) throw new Error('it was installed');
  const act = { siteId: clinic.north.siteId, cause: 'step' as const, reason: 'a test', actor: serviceActor('test') };
  const groups = [{ name: 'neuro', userIds: [NEURO] }];
  moveExposure(clinic.db, {
    ...{
      ...act,
      model: pilot,
      to: 'pilot',
      pilot: PilotScope.parse({ groups, descriptions: [], share: 1 }),
      atMs: clinic.nowMs(),
    },
  });
  const id = await sendHead();
  while (clinic.db.prepare("SELECT 1 FROM runs WHERE state = 'queued'").get() !== undefined) finishNext(clinic, 0.9);
  const shownTo = (viewerId: string) => readings(id, viewerId).map(({ model, state }) => [model.id, state]);
  expect(clinic.db.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(3);
  expect(shownTo(READER)).toEqual([['shown', 'read']]);
  expect(shownTo(NEURO)).toEqual([
    ['pilot', 'read'],
    ['shown', 'read'],
  ]);
  const [shown] = listModels(clinic.db).filter(({ manifest }) => manifest.id === 'shown');
  if (shown === undefined) throw new Error('it was installed');
  moveExposure(clinic.db, { ...act, model: shown, to: 'suspended', atMs: clinic.nowMs() });
  expect(shownTo(READER)).toEqual([]);
});
