import { expect, test } from 'vitest';
import { ModelOutput } from '../../../shared/domain/model-outputs.ts';
import { type EvidenceRules, gatherEvidence } from './finding-evidence.ts';
import type { RunBox, RunHeatmap, RunMask } from './run-answer.ts';
import type { RunFinished } from './runner-protocol.ts';

const DIGEST = 'a'.repeat(64);
const frame = (n: number) => ({ sopUid: `1.2.${n}`, frameNumber: 1 });
const mask = (more: Partial<RunMask>): RunMask => ({
  ...{
    tensor: 'm',
    label: 'a',
    digest: DIGEST,
    sizeBytes: 1,
    rows: 4,
    columns: 4,
    pixels: 5,
    volumeMl: 2.5,
    parts: 1,
    cells: 5,
  },
  ...{ peak: 1, slices: [{ ...frame(1), pixels: 5, volumeMl: 2.5 }] },
  largest: {
    ...{ centreMm: [1, 2, 3], volumeMl: 2, keySopUid: '1.2.1', keyFrameNumber: 1 },
    longest: { ...frame(1), mm: 12, from: [0, 0], to: [3, 0] },
  },
  ...more,
});
const box = (score: number): RunBox => ({
  ...{ tensor: 'b', label: 'a', score, sizeMm: [5, 6, 7], diameterMm: 7, volumeMl: 0.11 },
  key: { ...frame(2), centreMm: [4, 5, 6] },
  frames: [{ ...frame(2), left: 0, top: 0, right: 2, bottom: 3 }],
});
const heatmap: RunHeatmap = {
  ...{
    tensor: 'h',
    label: 'a',
    digest: DIGEST,
    sizeBytes: 9,
    rows: 2,
    columns: 2,
    low: 0,
    high: 1,
    frames: [frame(1)],
  },
};
const result = (more: Partial<RunFinished>) =>
  ({ outputs: [], profiles: [], boxes: [], boxLabels: [], masks: [], heatmaps: [], ...more }) as unknown as RunFinished;
const number = (meaning: string, value: string, index: number) =>
  ModelOutput.parse({
    ...{ tensor: 'n', role: 'number', label: 'a', index, unit: 'mL', range: { min: 0, max: 99 } },
    quantity: { value, scheme: 'SCT', meaning },
  });
const said = (value: number) =>
  ({ tensor: 'n', role: 'measurement', label: 'a', value, unit: 'mL', key: null }) as const;

const gather = (label: string, given: RunFinished, more: Partial<EvidenceRules> = {}) =>
  gatherEvidence({ outputs: [], uses: [], frameOfReferenceOf: (sopUid) => `${sopUid}.9`, ...more }, label, given);

test('a model that may measure has its masks and boxes measured; its own number of a quantity comes first', () => {
  const outputs = [number('Volume', '118565006', 0), number('Mass', '118538004', 1)];
  const given = result({ outputs: [said(3), said(4)], masks: [mask({})], boxes: [box(0.9)] });
  const values = (uses: EvidenceRules['uses']) =>
    gather('a', given, { outputs, uses }).measurements.map(({ code, value, unit }) => [code, value, unit]);
  expect(values(['flag'])).toEqual([
    ['118565006', 3, 'mL'],
    ['118538004', 4, 'mL'],
  ]);
  expect(values(['flag', 'measure'])).toEqual([
    ['118565006', 3, 'mL'],
    ['118538004', 4, 'mL'],
    ['103339001', 12, 'mm'],
    ['81827009', 7, 'mm'],
  ]);
  expect(gather('a', given, { uses: ['measure'] }).measurements[0]).toEqual({
    ...{ code: '118565006', scheme: 'SCT', display: 'Volume', value: 2.5, unit: 'mL', part: null },
  });
});

test('the key image is that of the largest part, else of the best box, else of the highest score', () => {
  const key = { ...frame(3), centreMm: null };
  const outputs = [{ tensor: 'p', role: 'probability', label: 'a', value: 1, unit: null, key } as const];
  const of = (more: Partial<RunFinished>) => gather('a', result({ outputs, ...more })).keyImage;
  expect(of({ masks: [mask({})], boxes: [box(1)] })).toEqual({
    ...{ ...frame(1), centreMm: [1, 2, 3], frameOfReferenceUid: '1.2.1.9' },
  });
  expect(of({ masks: [mask({ pixels: 0, largest: null })], boxes: [box(1)] })).toEqual({
    ...{ ...frame(2), centreMm: [4, 5, 6], frameOfReferenceUid: '1.2.2.9' },
  });
  expect(of({})).toEqual({ ...key, frameOfReferenceUid: '1.2.3.9' });
  expect(gather('b', result({ outputs })).keyImage).toBeNull();
});

test('every stack in which anything is marked is a part with its own image, frame of reference and size, the fullest first', () => {
  const second = mask({
    ...{ pixels: 9, volumeMl: 4, digest: 'b'.repeat(64), slices: [{ ...frame(7), pixels: 9, volumeMl: 4 }] },
    largest: { centreMm: [7, 8, 9], volumeMl: 4, keySopUid: '1.2.7', keyFrameNumber: 1, longest: null },
  });
  const empty = mask({ pixels: 0, volumeMl: 0, largest: null, digest: 'c'.repeat(64) });
  const { parts, measurements } = gather('a', result({ masks: [mask({}), second, empty] }), { uses: ['measure'] });
  expect(parts).toEqual([
    {
      mask: { digest: second.digest, rows: 4, columns: 4, sopUids: ['1.2.7'], frameNumbers: [1] },
      key: { ...frame(7), centreMm: [7, 8, 9], frameOfReferenceUid: '1.2.7.9' },
    },
    {
      mask: { digest: DIGEST, rows: 4, columns: 4, sopUids: ['1.2.1'], frameNumbers: [1] },
      key: { ...frame(1), centreMm: [1, 2, 3], frameOfReferenceUid: '1.2.1.9' },
    },
  ]);
  expect(measurements.map(({ display, value, part }) => [display, value, part])).toEqual([
    ['Volume', 4, 1],
    ['Volume', 2.5, 2],
    ['Long axis', 12, 2],
  ]);
  expect(gather('a', result({ masks: [empty] })).parts).toMatchObject([{ mask: { digest: empty.digest }, key: null }]);
});

test('keeps every box up to a hundred with its frame of reference, and every heatmap', () => {
  const boxes = Array.from({ length: 120 }, (_, index) => box(1 - index / 200));
  const other = { ...heatmap, digest: 'd'.repeat(64), frames: [frame(5)] };
  const given = result({ boxes, heatmaps: [heatmap, other] });
  const evidence = gather('a', given, { uses: ['measure'] });
  expect(evidence.marks.map(({ score }) => score)).toEqual(boxes.slice(0, 100).map(({ score }) => score));
  expect(evidence.marks[0]).toMatchObject({ diameterMm: 7, volumeMl: 0.11, key: { frameOfReferenceUid: '1.2.2.9' } });
  expect(evidence.marks[0]).not.toHaveProperty('tensor');
  // What nobody may measure with it is not said of its boxes either.
  expect(gather('a', given).marks[0]).toMatchObject({ diameterMm: null, volumeMl: null });
  expect(evidence.heatmaps).toEqual([
    { digest: DIGEST, rows: 2, columns: 2, low: 0, high: 1, frames: [frame(1)] },
    { digest: other.digest, rows: 2, columns: 2, low: 0, high: 1, frames: [frame(5)] },
  ]);
  expect(gather('b', given)).toMatchObject({ measurements: [], keyImage: null, parts: [], marks: [], heatmaps: [] });
});
