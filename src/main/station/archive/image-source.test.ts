import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { FIND_IN_SERIES, FIND_IN_STUDY, findImageSource } from './image-source.ts';
import { listSeries } from './queries.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

test('what made the images is said of a study and of a series; what they do not say is empty', async () => {
  const id = await clinic.send([
    aSlice(1, {
      Manufacturer: ' ACME ',
      ManufacturerModelName: 'Alpha',
      ProtocolName: 'Head',
      ConvolutionKernel: 'H31s',
    }),
  ]);
  const source = findImageSource(clinic.db, id, null);
  expect(source).toMatchObject({ manufacturer: 'ACME', scanner: 'Alpha', protocol: 'Head', kernel: 'H31s' });
  expect(findImageSource(clinic.db, id, listSeries(clinic.db, id)[0]?.seriesId ?? '')).toEqual(source);
  // As files were kept before the maker was.
  clinic.db.prepare("UPDATE instance_versions SET attributes = '{}'").run();
  expect(findImageSource(clinic.db, id, null)).toMatchObject({ manufacturer: '', scanner: '', kernel: '' });
});

test.each([
  ['series', FIND_IN_SERIES, 'instances_by_series'],
  ['study', FIND_IN_STUDY, 'instances_by_study'],
])('an image of a %s is found by its index', (_, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toContain('SCAN');
});
