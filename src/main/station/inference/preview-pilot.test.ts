import { afterEach, beforeEach, expect, test } from 'vitest';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { brought, standAt } from '../testing/governed.ts';
import { aManifest } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { inferenceConsumer, measuringConsumer } from './index.ts';
import { findModel } from './models.ts';
import { pilotAudience } from './pilot.ts';
import { previewPilot } from './preview-pilot.ts';

let clinic: Clinic;
let digest: string;
beforeEach(() => {
  clinic = openClinic();
  [digest = ''] = brought(clinic, { ...aManifest(), clinicalUse: 'research' });
  standAt(clinic, digest, 'silent');
});
afterEach(() => clinic.close());

async function send(n: number, StudyDescription: string): Promise<string> {
  clinic.pass(1000);
  const study = { StudyInstanceUID: `1.2.61.${n}`, PatientID: `P${n}`, StudyDescription };
  const studyId = await clinic.send([1, 2, 3, 4, 5].map((slice) => aSlice(slice, study)));
  followLedger(clinic.db, [inferenceConsumer, measuringConsumer], {
    ...{ clock: clinic.archive.clock, log: clinic.log },
  }).catchUp();
  return studyId;
}
const preview = (pilot: Parameters<typeof pilotAudience>[0], limit = 50) => {
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  return previewPilot(clinic.db, { siteId: clinic.north.siteId, model, pilot, limit });
};

test('a preview says of the last studies what a pilot of that scope does with them, the newest first', async () => {
  const ids: string[] = [];
  for (let n = 1; n <= 12; n += 1) ids.push(await send(n, n % 3 === 0 ? 'CT BRAIN TRAUMA' : 'CT BRAIN'));
  const everything = preview({ groups: [], descriptions: [], share: 1 });
  expect(everything.studies.map(({ studyId }) => studyId)).toEqual(ids.toReversed());
  expect(everything.inPilot).toBe(12);
  const trauma = preview({ groups: [], descriptions: ['trauma'], share: 1 });
  expect(trauma.studies.map(({ outcome }) => outcome === 'shown')).toEqual(
    ids.toReversed().map((_id, place) => (12 - place) % 3 === 0),
  );
  expect(new Set(trauma.studies.map(({ outcome }) => outcome))).toEqual(new Set(['shown', 'other-exam']));
  const half = { groups: [], descriptions: [], share: 0.5 };
  const some = preview(half);
  // As each study is treated when it comes.
  for (const [place, { outcome }] of some.studies.entries())
    expect(outcome === 'shown').toBe(
      pilotAudience(half, 'bleed', { studyUid: `1.2.61.${12 - place}`, description: null }).shows,
    );
  expect(some.inPilot).toBe(some.studies.filter(({ outcome }) => outcome === 'shown').length);
  expect(preview(half, 3).studies).toHaveLength(3);
});

test('nothing of another site, and nothing of a study that the model cannot read, is previewed', async () => {
  await send(1, 'CT BRAIN');
  await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.61.99', StudyDescription: 'CT BRAIN' })]);
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const pilot = { groups: [], descriptions: [], share: 1 };
  expect(preview(pilot).studies).toHaveLength(1);
  const elsewhere = { siteId: clinic.south.siteId, model, pilot, limit: 50 };
  expect(previewPilot(clinic.db, elsewhere)).toEqual({ studies: [], inPilot: 0 });
});
