import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { endWantedMetadata, NEXT_WANTED, nextWantedMetadata } from './series-metadata.ts';

let clinic: Clinic;
beforeEach(() => (clinic = openClinic()));
afterEach(() => clinic.close());

const next = () => nextWantedMetadata(clinic.db, clinic.nowMs())?.missing.map(({ instances }) => instances.length);

test('metadata are wanted a second after the last association of a study that still receives, and again when it is complete', async () => {
  await clinic.send([aSlice(1)]);
  clinic.pass(999);
  expect(next()).toBeUndefined();
  await clinic.send([aSlice(2)]);
  clinic.pass(999);
  expect(next()).toBeUndefined();
  clinic.pass(1);
  expect(next()).toEqual([2]);
  const wanted = nextWantedMetadata(clinic.db, clinic.nowMs());
  if (wanted !== null) endWantedMetadata(clinic.db, wanted);
  expect(next()).toBeUndefined();
  clinic.pass(2_000_000);
  clinic.runJobs();
  clinic.pass(1000);
  expect(next()).toEqual([2]);
});

test('what was wanted before the clock was set back is not forgotten', async () => {
  await clinic.send([aSlice(1)]);
  clinic.pass(-3_600_000);
  expect(next()).toEqual([1]);
});

test('the next study is found by walking the index, however many are wanted', () => {
  expect(planOf(clinic.db, NEXT_WANTED)).toEqual(['SCAN metadata_wanted USING INDEX metadata_wanted_in_order']);
});
