import { expect, test } from 'vitest';
import { ModelOutput } from '../../../shared/domain/model-tensors.ts';
import { gatherEvidence } from './finding-evidence.ts';
import type { RunBox, RunFinished, RunHeatmap, RunMask } from './runner-protocol.ts';

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

test('a model that may measure has its masks and boxes measured; its own number of a quantity comes first', () => {
  const outputs = [number('Volume', '118565006', 0), number('Mass', '118538004', 1)];
  const given = result({ outputs: [said(3), said(4)], masks: [mask({})], boxes: [box(0.9)] });
  const values = (permittedUses: ('flag' | 'measure')[]) =>
    gatherEvidence({ outputs, permittedUses }, 'a', given).measurements.map(({ code, value, unit }) => [
      code,
      value,
      unit,
    ]);
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
  expect(gatherEvidence({ outputs: [], permittedUses: ['measure'] }, 'a', given).measurements[0]).toEqual({
    ...{ code: '118565006', scheme: 'SCT', display: 'Volume', value: 2.5, unit: 'mL' },
  });
});

test('the key image is that of the largest part, else of the best box, else of the highest score', () => {
  const model = { outputs: [], permittedUses: [] };
  const key = { ...frame(3), centreMm: null };
  const outputs = [{ tensor: 'p', role: 'probability', label: 'a', value: 1, unit: null, key } as const];
  const of = (more: Partial<RunFinished>) => gatherEvidence(model, 'a', result({ outputs, ...more })).keyImage;
  expect(of({ masks: [mask({})], boxes: [box(1)] })).toEqual({ ...frame(1), centreMm: [1, 2, 3] });
  expect(of({ masks: [mask({ pixels: 0, largest: null })], boxes: [box(1)] })).toEqual({
    ...frame(2),
    centreMm: [4, 5, 6],
  });
  expect(of({})).toEqual(key);
  expect(gatherEvidence(model, 'b', result({ outputs })).keyImage).toBeNull();
});

test('keeps the fuller mask, every box up to a hundred, and the heatmap', () => {
  const model = { outputs: [], permittedUses: [] };
  const fuller = mask({ pixels: 9, digest: 'b'.repeat(64) });
  const boxes = Array.from({ length: 120 }, (_, index) => box(1 - index / 200));
  const evidence = gatherEvidence(model, 'a', result({ masks: [mask({}), fuller], boxes, heatmaps: [heatmap] }));
  expect(evidence.mask).toEqual({ digest: fuller.digest, rows: 4, columns: 4, sopUids: ['1.2.1'], frameNumbers: [1] });
  expect(evidence.marks.map(({ score }) => score)).toEqual(boxes.slice(0, 100).map(({ score }) => score));
  expect(evidence.marks[0]).not.toHaveProperty('tensor');
  expect(evidence.heatmap).toEqual({ digest: DIGEST, rows: 2, columns: 2, low: 0, high: 1, frames: [frame(1)] });
  expect(gatherEvidence(model, 'b', result({ masks: [fuller], boxes, heatmaps: [heatmap] }))).toMatchObject({
    ...{ measurements: [], keyImage: null, mask: null, marks: [], heatmap: null },
  });
});
