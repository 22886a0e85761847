// Builds the shipped model packages from their typed sources: node scripts/with-node.mjs scripts/build-models.ts
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { drawHeadCt, type HeadCtWish } from '../demo/phantoms/head-ct.ts';
import { arrangeSlices } from '../src/main/station/inference/runner/arrange-slices.ts';
import { sha256 } from '../src/main/station/inference/runner/model-package.ts';
import { prepareVolume } from '../src/main/station/inference/runner/prepare-volume.ts';
import { computeGolden } from '../src/main/station/inference/runner/replay-golden.ts';
import { openSession } from '../src/main/station/inference/runner/session.ts';
import { type GoldenCase, ModelManifest } from '../src/shared/domain/model-manifest.ts';
import { buildHeadCtHyperdense } from './onnx/head-ct-hyperdense.ts';
import { headCtHyperdenseManifest } from './onnx/head-ct-hyperdense-manifest.ts';
import { phantomSlices } from './phantom-slices.ts';

const GOLDEN: readonly { readonly name: string; readonly wish: HeadCtWish }[] = [
  {
    name: 'bleed-12-ml',
    wish: {
      seed: 7_000_001,
      matrix: 256,
      slices: 30,
      noiseHu: 0,
      gantryTiltDegrees: 0,
      bleed: { kind: 'intraparenchymal', volumeMl: 12, side: 'left' },
    },
  },
  { name: 'no-bleed', wish: { seed: 7_000_002, matrix: 256, slices: 30, noiseHu: 0, gantryTiltDegrees: 0 } },
];
const GOLDEN_PIXELS = 192;
const GOLDEN_SLICES = { from: 12, to: 24 } as const;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const directory = path.join(root, 'resources/models/head-ct-hyperdense');
mkdirSync(path.join(directory, 'golden'), { recursive: true });
const model = buildHeadCtHyperdense();
writeFileSync(path.join(directory, 'model.onnx'), model);
const session = await openSession(model, { provider: 'cpu', threads: 1 });
const goldenCases: GoldenCase[] = [];
for (const { name, wish } of GOLDEN) {
  const manifest = headCtHyperdenseManifest(sha256(model), []);
  const series = arrangeSlices(phantomSlices(drawHeadCt(wish)).slice(GOLDEN_SLICES.from, GOLDEN_SLICES.to), {
    orientation: 'axial',
    minSlices: 2,
    maxSlices: 100,
    maxGapOverThickness: 2,
  });
  if (!series.ok) throw new Error(series.error.code);
  const prepared = prepareVolume(series.value, {
    ...manifest.preprocessing,
    rows: GOLDEN_PIXELS,
    columns: GOLDEN_PIXELS,
  });
  // Two HU apart and without the depths of air and bone: a third of the size, the same algorithm.
  const stored = Int16Array.from(prepared.values, (value) => Math.round(Math.min(400, Math.max(-200, value)) / 2) * 2);
  const golden = {
    name,
    volume: `golden/${name}.i16.gz`,
    shape: [prepared.slices, prepared.rows, prepared.columns] as [number, number, number],
    spacingMm: [5, manifest.preprocessing.pixelMm, manifest.preprocessing.pixelMm] as [number, number, number],
    sliceExtentsMm: series.value.extentsMm.map((extent) => Number(extent.toFixed(4))),
  };
  const expected = await computeGolden({ manifest, session }, golden, Float32Array.from(stored));
  if (expected === null) throw new Error(`${name}: no valid answer`);
  writeFileSync(path.join(directory, golden.volume), gzipSync(new Uint8Array(stored.buffer), { level: 9 }));
  goldenCases.push({ ...golden, expected: { ...expected } });
  console.log(name, expected);
}
const manifest = ModelManifest.parse(headCtHyperdenseManifest(sha256(model), goldenCases));
const manifestFile = path.join(directory, 'manifest.json');
writeFileSync(manifestFile, JSON.stringify(manifest));
// Formatted as the repository is, so that building again changes nothing.
execFileSync(process.execPath, [
  path.join(root, 'scripts/with-node.mjs'),
  '--bin',
  'biome',
  'format',
  '--write',
  manifestFile,
]);
console.log(manifest.id, manifest.version, manifest.modelDigest);
