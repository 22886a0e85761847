import { afterAll, beforeAll, expect, test } from 'vitest';
import { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';
import type { InstanceReference } from '../runner-protocol.ts';
import { sha256 } from './model-package.ts';
import { prepareInThread, type SeriesPreparer } from './prepare-in-thread.ts';
import { type PreparedSeries, prepareSeries, type PrepareRule } from './prepare-series.ts';
import { PREPARER_ENTRY } from './preparer-entry.ts';
import { timeStages } from './stage-timer.ts';
import { ballHead, openTestObjects, sliceRecord, type TestObjects } from './test-series.ts';

const RULE: PrepareRule = {
  appliesTo: { orientation: 'axial', slices: { min: 1, max: 200 } },
  otherSeries: [],
  apart: [],
  preprocessing: Preprocessing.parse({
    source: { arrangement: 'volume' },
    steps: [{ do: 'resample', spacingMm: [null, 3, 3], interpolation: 'linear' }],
    channels: [[{ do: 'window', centre: 40, width: 80 }], [{ do: 'window', centre: 400, width: 2000 }]],
    sampling: { kind: 'slices' },
  }),
};
const never = new AbortController().signal;

let objects: TestObjects;
let ahead: Int32Array;
let preparer: SeriesPreparer;
let head: readonly InstanceReference[];
let other: readonly InstanceReference[];

beforeAll(async () => {
  objects = openTestObjects();
  head = await objects.put(ballHead({ bleedMm: 14, matrix: 256 }).map(sliceRecord));
  other = await objects.put(
    ballHead({ bleedMm: 0, slices: 9 }).map((slice) => sliceRecord({ ...slice, sopUid: `${slice.sopUid}.1` })),
  );
  ahead = new Int32Array(new SharedArrayBuffer(4));
  const settings = { objectsDir: objects.objectsDir, objectKeys: objects.keys.export(), ahead };
  preparer = await prepareInThread(PREPARER_ENTRY, settings, () => undefined);
});
afterAll(() => preparer.close());

/** A series with the digest of each grid's numbers in their place: to hold hundreds of thousands against each other takes seconds. */
const told = ({ grids, ...series }: PreparedSeries) => ({
  ...series,
  grids: grids.map((grid) => ({ ...grid, values: sha256(new Uint8Array(grid.values.buffer)) })),
});

/** The same series prepared without a thread. */
async function preparedHere(instances: readonly InstanceReference[]) {
  const reader = openObjectReader(objects.objectsDir, objects.keys);
  const tools = { objects: reader, timer: timeStages(), stopping: () => null, holds: () => undefined };
  const result = await prepareSeries(tools, { rule: RULE, instances });
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}
const take = (instances: readonly InstanceReference[], signal = never) =>
  preparer.take({ rule: RULE, instances }, signal);

test('what comes from the thread is to the bit what is prepared here, and arrives without being copied', async () => {
  const taken = await take(head);
  const here = await preparedHere(head);
  expect(taken).toMatchObject({ isAhead: false, answer: { ok: true } });
  expect(taken.answer.ok && told(taken.answer.value)).toEqual(told(here));
  expect(here.grids[0]?.channels).toBe(2);
  expect(here.geometry.meanIntensity).toBeLessThan(0);
  expect(taken.timings.decodeMs).toBeGreaterThan(0);
});

test('what was prepared ahead is what is taken, and nothing is charged with it afterwards', async () => {
  preparer.prepareAhead({ rule: RULE, instances: head });
  await expect.poll(() => Atomics.load(ahead, 0)).toBeGreaterThan(0);
  const taken = await take(head);
  expect([taken.isAhead, taken.answer.ok && told(taken.answer.value)]).toEqual([true, told(await preparedHere(head))]);
  expect(Atomics.load(ahead, 0)).toBe(0);
});

test('a hint that was wrong costs the run nothing but its time', async () => {
  preparer.prepareAhead({ rule: RULE, instances: head });
  const taken = await take(other);
  expect([taken.isAhead, taken.answer.ok && told(taken.answer.value)]).toEqual([
    false,
    told(await preparedHere(other)),
  ]);
  await expect.poll(() => Atomics.load(ahead, 0)).toBe(0);
  expect(preparer.dropAhead()).toBe(false);
});

test('one series is prepared ahead at a time, and another rule is another series', async () => {
  preparer.prepareAhead({ rule: RULE, instances: head });
  preparer.prepareAhead({ rule: RULE, instances: other });
  preparer.prepareAhead({ rule: RULE, instances: other });
  const { preprocessing } = RULE;
  const rule = { ...RULE, preprocessing: { ...preprocessing, channels: preprocessing.channels.slice(1) } };
  const taken = await preparer.take({ rule, instances: other }, never);
  expect([taken.isAhead, taken.answer.ok && taken.answer.value.grids[0]?.channels]).toEqual([false, 1]);
  await expect.poll(() => Atomics.load(ahead, 0)).toBe(0);
});

test('what failed ahead is tried again when it is its turn', async () => {
  const gone = head.map((one, index) => (index === 2 ? { ...one, digest: 'f'.repeat(64) } : one));
  preparer.prepareAhead({ rule: RULE, instances: gone });
  const taken = await take(gone);
  expect(taken).toMatchObject({ isAhead: false, answer: { ok: false, error: { code: 'object-missing' } } });
  expect(await take(head)).toMatchObject({ answer: { ok: true } });
});

test('an abort is heard between objects, also of what was prepared ahead', async () => {
  expect(await take(head, AbortSignal.abort())).toMatchObject({ answer: { ok: false, error: { code: 'cancelled' } } });
  preparer.prepareAhead({ rule: RULE, instances: head });
  const taken = await take(head, AbortSignal.abort());
  expect(taken.answer.ok ? 'prepared before' : taken.answer.error.code).toMatch(/cancelled|prepared before/);
  expect(Atomics.load(ahead, 0)).toBe(0);
});

test('keys of a rotation reach the thread', async () => {
  // What it has read it needs no key for.
  const unread = ballHead({ bleedMm: 0 }).map((slice) => sliceRecord({ ...slice, sopUid: `${slice.sopUid}.2` }));
  const instances = await objects.put(unread);
  preparer.useObjectKeys([{ id: '00'.repeat(8), keyHex: '11'.repeat(32) }]);
  expect(await take(instances)).toMatchObject({ answer: { ok: false } });
  preparer.useObjectKeys(objects.keys.export());
  expect(await take(instances)).toMatchObject({ answer: { ok: true } });
});
