import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { interpretOutputs } from './interpret-outputs.ts';
import type { TensorData } from './session.ts';

const PACKAGE = new URL('../../../../../resources/models/head-ct-hyperdense/manifest.json', import.meta.url);
const MANIFEST = ModelManifest.parse(JSON.parse(readFileSync(PACKAGE, 'utf8')));
const SHAPE = [2, 4, 4] as const;

const float = (...values: number[]): TensorData => ({
  type: 'float32',
  dims: [values.length],
  data: Float32Array.from(values),
});
const mask: TensorData = { type: 'uint8', dims: [1, 1, 2, 4, 4], data: new Uint8Array(32) };
const good = { probability: float(0.75), volume_ml: float(12.5), mask, slice_ml: float(6, 6.5) };

test('reads outputs by the role the manifest gives them and leaves the others alone', () => {
  const answer = interpretOutputs(MANIFEST, new Map(Object.entries(good)), SHAPE);
  const label = 'suspected-hyperdense-blood';
  expect(answer).toEqual({
    ok: true,
    value: {
      outputs: [
        { tensor: 'probability', role: 'probability', label, value: 0.75, unit: null },
        { tensor: 'volume_ml', role: 'measurement', label, value: 12.5, unit: 'mL' },
      ],
      masks: [{ tensor: 'mask', label, grid: mask.data }],
    },
  });
});

test.each([
  ['a probability that is no number', { ...good, probability: float(Number.NaN) }],
  ['a probability above one', { ...good, probability: float(1.01) }],
  ['two probabilities', { ...good, probability: float(0.1, 0.2) }],
  ['an endless volume', { ...good, volume_ml: float(Number.POSITIVE_INFINITY) }],
  ['a volume below its range', { ...good, volume_ml: float(-0.1) }],
  ['a volume of another type', { ...good, volume_ml: { type: 'uint8', dims: [1], data: Uint8Array.of(1) } as const }],
  ['a missing mask', { probability: good.probability, volume_ml: good.volume_ml }],
  ['a mask of another shape', { ...good, mask: { ...mask, dims: [1, 1, 4, 4, 2] } }],
  ['a mask shorter than its shape', { ...good, mask: { ...mask, data: new Uint8Array(31) } }],
  ['a mask of floats', { ...good, mask: { type: 'float32', dims: mask.dims, data: new Float32Array(32) } as const }],
])('refuses the whole answer for %s', (_, tensors) => {
  const map = new Map<string, TensorData>(Object.entries(tensors));
  expect(interpretOutputs(MANIFEST, map, SHAPE)).toEqual({ ok: false, error: { code: 'bad-output' } });
});
