import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { LIST_ARRIVALS, listArrivals } from './series-arrivals.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

test('a series is quiet since its last image, and hidden images count for nothing', async () => {
  const studyId = await clinic.send([aSlice(1), aSlice(2)]);
  const last = clinic.db.prepare('SELECT max(received_at_ms) FROM instance_versions').pluck().get();
  expect(listArrivals(clinic.db, studyId)).toEqual([{ seriesId: expect.any(String), lastAtMs: last }]);
  clinic.db.prepare('UPDATE instances SET is_hidden = 1').run();
  expect(listArrivals(clinic.db, studyId)).toEqual([]);
});

test('it is found by an index', () => {
  const plan = planOf(clinic.db, LIST_ARRIVALS).join('\n');
  expect(plan).toContain('instances_by_study');
  expect(plan).not.toContain('SCAN');
});
