import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { endEverything, startStation } from '../system/support/start-station.ts';
import { attackReaders } from './fuzz/attack-readers.ts';
import { attackStation } from './fuzz/attack-station.ts';

/** Cases that once showed something; they stay. The rest of the 20,000 run by `npm run soak -- fuzz`. */
const corpus = z
  .array(z.strictObject({ number: z.number().int(), why: z.string() }))
  .parse(JSON.parse(readFileSync(path.join(import.meta.dirname, 'fuzz/corpus.json'), 'utf8')));

afterAll(endEverything);

test('reads a thousand mutated data sets without a throw, a hang or much memory', async () => {
  const attacked = await attackReaders(0, 1000, false);
  expect(attacked.failures).toEqual([]);
  expect(attacked.peakMiB).toBeLessThan(1024);
});

test.each(corpus)('reads case $number: $why', async ({ number }) => {
  expect((await attackReaders(number, number + 1, false)).failures).toEqual([]);
});

test('goes on answering others under mutated associations, PDUs and objects, and ends when asked', async () => {
  const station = await startStation();
  const attacked = await attackStation(station, 0, 400);
  expect(attacked.failures).toEqual([]);
  expect(attacked.peakMiB).toBeLessThan(1024);
  expect(await station.stop()).toBe(0);
});
