// Builds the shipped model packages from their typed sources: node scripts/with-node.mjs scripts/build-models.ts
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { drawHeadCt, type HeadCtWish } from '../demo/phantoms/head-ct.ts';
import { arrangeStacks } from '../src/main/station/inference/runner/arrange-stacks.ts';
import { sha256 } from '../src/main/station/inference/runner/model-package.ts';
import { prepareGrid } from '../src/main/station/inference/runner/prepare-grid.ts';
import { computeGolden, countAbove, tensorFacts } from '../src/main/station/inference/runner/replay-golden.ts';
import { openSession } from '../src/main/station/inference/runner/session.ts';
import { type GoldenCase, ModelManifest } from '../src/shared/domain/model-manifest.ts';
import { Preprocessing } from '../src/shared/domain/model-preprocessing.ts';
import { describeFault } from '../src/shared/domain/package-fault.ts';
import { buildHeadCtHyperdense } from './onnx/head-ct-hyperdense.ts';
import { headCtHyperdenseManifest } from './onnx/head-ct-hyperdense-manifest.ts';
import { phantomFrames } from './phantom-frames.ts';

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
rmSync(path.join(directory, 'golden'), { recursive: true, force: true });
mkdirSync(path.join(directory, 'golden'), { recursive: true });
const model = buildHeadCtHyperdense();
writeFileSync(path.join(directory, 'model.onnx'), model);
const session = await openSession(model, { provider: 'cpu', threads: 1 });
const goldenCases: GoldenCase[] = [];
const DIGITS = 7;
for (const { name, wish } of GOLDEN) {
  const stand: GoldenCase = { name, inputs: {}, expected: {} };
  const { preprocessing } = headCtHyperdenseManifest(sha256(model), [stand]);
  const how = Preprocessing.parse(preprocessing);
  const arranged = arrangeStacks(phantomFrames(drawHeadCt(wish)).slice(GOLDEN_SLICES.from, GOLDEN_SLICES.to), {
    ...{ arrangement: 'volume', orientation: 'axial', minSlices: 2, maxSlices: 100, tolerates: how.tolerates },
  });
  if (!arranged.ok) throw new Error(arranged.error.code);
  const [stack] = arranged.value;
  if (stack === undefined) throw new Error('no stack');
  // Smaller than the model's own grid, so that the repository stays small: the same algorithm.
  const steps = how.steps.map((step) =>
    step.do === 'crop-or-pad' ? { ...step, to: [null, GOLDEN_PIXELS, GOLDEN_PIXELS] as [null, number, number] } : step,
  );
  const grid = prepareGrid(stack, { ...how, steps });
  if (!grid.ok) throw new Error(grid.error.code);
  const { values, shape, spacingMm, extentsMm } = grid.value;
  // Two HU apart and without the depths of air and bone: a third of the size.
  const stored = Int16Array.from(values, (value) => Math.round(Math.min(400, Math.max(-200, value)) / 2) * 2);
  const keep = (tensor: string, numbers: Int16Array | Float32Array, dims: number[]) => {
    const file = `golden/${name}.${tensor}.gz`;
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    writeFileSync(path.join(directory, file), gzipSync(bytes, { level: 9 }));
    return { file, stored: numbers instanceof Int16Array ? ('int16' as const) : ('float32' as const), dims };
  };
  const extents = Float32Array.from(extentsMm ?? [], (extent) => Number(extent.toFixed(4)));
  const golden = {
    ...stand,
    inputs: {
      volume: keep('volume', stored, [1, 1, ...shape]),
      spacing: keep(
        'spacing',
        Float32Array.from(spacingMm, (millimetres) => millimetres ?? Number.NaN),
        [3],
      ),
      slice_extents: keep('slice-extents', extents, [extents.length]),
    },
  };
  const inputs = ModelManifest.shape.inputs.parse(headCtHyperdenseManifest(sha256(model), []).inputs);
  const given = await computeGolden({ manifest: { inputs }, session, directory }, golden, name);
  if (!given.ok) throw new Error(given.error.faults.map(describeFault).join('; '));
  const { probability, volume_ml: volumeMl, mask } = Object.fromEntries(given.value);
  if (probability === undefined || volumeMl === undefined || mask === undefined)
    throw new Error('an output is missing');
  const only = (tensor: typeof mask) => [Number(tensorFacts(tensor).mean.toPrecision(DIGITS))];
  const expected = {
    probability: { values: only(probability) },
    volume_ml: { values: only(volumeMl) },
    mask: { above: { threshold: 0.5, count: countAbove(mask, 0.5) } },
  };
  goldenCases.push({ ...golden, expected });
  console.log(name, JSON.stringify(expected));
}
// What is left out in the source is left out in the file: the station fills in what has a default.
const manifest = headCtHyperdenseManifest(sha256(model), goldenCases);
ModelManifest.parse(manifest);
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
