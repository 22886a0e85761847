import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openModelPackage, sha256 } from './model-package.ts';
import { replayGoldenCases } from './replay-golden.ts';
import { runSeries } from './run-series.ts';
import { ballHead, openTestObjects, sliceRecord } from './test-series.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';
import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { startGraph } from '../../../../../scripts/onnx/graph.ts';
import { headCtHyperdenseManifest } from '../../../../../scripts/onnx/head-ct-hyperdense-manifest.ts';

/** A model that shares nothing with the shipped one but the roles: other tensors, another grid, fewer inputs, no measurement. */
function boneModel(answer: 'share-of-bone' | 'no-number'): Uint8Array {
  const graph = startGraph('bone');
  const scan = graph.input('scan', 'float32', [1, 1, 'D', 64, 64]);
  const bone = graph.add('Cast', [graph.add('Greater', [scan, graph.floats(300)])], { to: 1 });
  const share = graph.add('Reshape', [graph.add('ReduceMean', [bone], { keepdims: 1 }), graph.ints([1])]);
  const broken = graph.add('Log', [graph.add('Sub', [share, graph.floats(2)])]);
  graph.output('p_bone', answer === 'no-number' ? broken : share, 'float32', [1]);
  graph.output('bone', graph.add('Cast', [bone], { to: 2 }), 'uint8', [1, 1, 'D', 64, 64]);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}

function writePackage(model: Uint8Array): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'wetread-other-model-'));
  const shipped = headCtHyperdenseManifest(sha256(model), []);
  const manifest: ModelManifest = {
    ...shipped,
    id: 'bone-share',
    preprocessing: { ...shipped.preprocessing, rows: 64, columns: 64, pixelMm: 3 },
    inputs: [{ tensor: 'scan', role: 'volume' }],
    outputs: [
      { tensor: 'p_bone', role: 'probability', label: 'bone' },
      { tensor: 'bone', role: 'mask', label: 'bone' },
    ],
    labels: shipped.labels.map((label) => ({ ...label, id: 'bone' })),
    goldenCases: [
      {
        name: 'half-bone',
        volume: 'golden/half-bone.i16.gz',
        shape: [2, 64, 64],
        spacingMm: [5, 3, 3],
        sliceExtentsMm: [5, 5],
        expected: { p_bone: 0.5, bone: 64 * 64 },
      },
    ],
  };
  mkdirSync(path.join(directory, 'golden'));
  const golden = new Int16Array(2 * 64 * 64).fill(1000, 0, 64 * 64);
  writeFileSync(path.join(directory, 'golden/half-bone.i16.gz'), gzipSync(new Uint8Array(golden.buffer)));
  writeFileSync(path.join(directory, 'model.onnx'), model);
  writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  return directory;
}

async function runOn(model: Uint8Array) {
  const opened = await openModelPackage(writePackage(model), { provider: 'cpu', threads: 1 });
  if (!opened.ok) throw new Error(opened.error.code);
  const objects = openTestObjects();
  const instances = await objects.put(ballHead({ bleedMm: 0 }).map(sliceRecord));
  const { signal } = new AbortController();
  const setting = {
    model: opened.value,
    objects: openObjectReader(objects.objectsDir, objects.keys),
    outboxDir: objects.outboxDir,
    signal,
  };
  return { golden: await replayGoldenCases(opened.value), result: await runSeries(setting, instances) };
}

test('another package with other tensors and another grid runs without a line of code for it', async () => {
  const { golden, result } = await runOn(boneModel('share-of-bone'));
  expect(golden).toEqual([{ name: 'half-bone', passed: true, largestDeviation: 0 }]);
  if (!result.ok) throw new Error(result.error.code);
  const [mask] = result.value.masks;
  const [probability] = result.value.outputs;
  expect(result.value.outputs).toHaveLength(1);
  const shellMl = mask?.slices.reduce((sum, { volumeMl }) => sum + volumeMl, 0) ?? 0;
  // The part of the 8 mm shell within the 14 slices of 5 mm: a band 70 mm high has the area 2·π·r·h at every radius.
  const expectedMl = (Math.PI * (80 ** 2 - 72 ** 2) * 70) / 1000;
  expect(Math.abs(shellMl - expectedMl)).toBeLessThan(0.1 * expectedMl);
  expect(probability?.value).toBeCloseTo(shellMl / ((64 * 64 * 9 * 70) / 1000), 2);
});

test('a model whose number is none gives no answer at all', async () => {
  const { golden, result } = await runOn(boneModel('no-number'));
  expect(golden?.map(({ passed }) => passed)).toEqual([false]);
  expect(result).toEqual({ ok: false, error: { code: 'bad-output' } });
});
