// Builds the shipped model packages from their typed sources: node scripts/with-node.mjs scripts/build-models.ts [ID ...]
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../src/main/station/inference/runner/model-package.ts';
import { countAbove, tensorFacts } from '../src/main/station/inference/runner/replay-golden.ts';
import {
  type ModelSession,
  numbersOf,
  openSession,
  type TensorData,
} from '../src/main/station/inference/runner/session.ts';
import { type GoldenCase, ModelManifest } from '../src/shared/domain/model-manifest.ts';
import { feedSeries } from './feed-series.ts';
import { type GoldenPlan, SHIPPED_MODELS, type ShippedModel } from './shipped-models.ts';

const DIGITS = 6;
/** A placeholder until the cases are there, so that the manifest can be read for its inputs. */
const STAND: GoldenCase = { name: 'stand', inputs: {}, expected: {} };

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const wanted = process.argv.slice(2);
for (const shipped of SHIPPED_MODELS) if (wanted.length === 0 || wanted.includes(shipped.id)) await build(shipped);

async function build(shipped: ShippedModel): Promise<void> {
  const directory = path.join(root, 'resources/models', shipped.id);
  rmSync(path.join(directory, 'golden'), { recursive: true, force: true });
  mkdirSync(path.join(directory, 'golden'), { recursive: true });
  const model = shipped.build();
  writeFileSync(path.join(directory, 'model.onnx'), model);
  const session = await openSession(model, { provider: 'cpu', threads: 1 });
  const goldenCases: GoldenCase[] = [];
  for (const plan of shipped.golden) goldenCases.push(await makeGolden(shipped, plan, directory, session));
  // What is left out in the source is left out in the file: the station fills in what has a default.
  const manifest = shipped.manifest(sha256(model), goldenCases);
  ModelManifest.parse(manifest);
  const manifestFile = path.join(directory, 'manifest.json');
  writeFileSync(manifestFile, JSON.stringify(manifest));
  // Formatted as the repository is, so that building again changes nothing.
  const format = [path.join(root, 'scripts/with-node.mjs'), '--bin', 'biome', 'format', '--write', manifestFile];
  execFileSync(process.execPath, format);
  console.log(manifest.id, manifest.version, manifest.modelDigest);
}

async function makeGolden(
  shipped: ShippedModel,
  plan: GoldenPlan,
  directory: string,
  session: ModelSession,
): Promise<GoldenCase> {
  const { inputs, outputs, preprocessing, appliesTo } = readManifest(shipped);
  const steps = plan.steps?.(preprocessing.steps) ?? preprocessing.steps;
  const limits = { ...appliesTo, slices: { min: 2, max: appliesTo.slices.max } };
  const fed = feedSeries(
    { inputs, preprocessing: { ...preprocessing, steps: [...steps] }, appliesTo: limits },
    plan.frames(),
  );
  const golden: GoldenCase = { name: plan.name, inputs: {}, expected: {} };
  const feeds: Record<string, TensorData> = {};
  for (const { tensor, role } of inputs) {
    const given = fed[tensor] as TensorData;
    const numbers =
      role === 'image'
        ? quantised(numbersOf(given), plan.kept)
        : Float32Array.from(numbersOf(given), (one) => Number(one.toFixed(4)));
    const file = `golden/${plan.name}.${tensor.replaceAll('_', '-')}.gz`;
    writeFileSync(path.join(directory, file), gzipSync(new Uint8Array(numbers.buffer), { level: 9 }));
    golden.inputs[tensor] = {
      file,
      stored: numbers instanceof Int16Array ? 'int16' : 'float32',
      dims: [...given.dims],
    };
    feeds[tensor] = { ...given, data: Float32Array.from(numbers) };
  }
  const given = await session.run(feeds);
  const of = (tensor: string): TensorData => {
    const found = given.get(tensor);
    if (found === undefined) throw new Error(`no tensor ${tensor}`);
    return found;
  };
  const first = (tensor: string, count: number) =>
    Array.from(numbersOf(of(tensor)).slice(0, count), (one) => Number(one.toPrecision(DIGITS)));
  for (const output of outputs) {
    switch (output.role) {
      case 'classes':
      case 'number':
        golden.expected[output.tensor] = { values: first(output.tensor, 64) };
        break;
      case 'segmentation':
        golden.expected[output.tensor] = { above: { threshold: 0.5, count: countAbove(of(output.tensor), 0.5) } };
        break;
      case 'boxes': {
        if (output.score.from !== 'tensor') throw new Error('boxes without scores of their own');
        const scores = of(output.score.tensor);
        const count = countAbove(scores, 0.5);
        const max = Number(tensorFacts(scores).max.toPrecision(DIGITS));
        golden.expected[output.score.tensor] = { max, above: { threshold: 0.5, count } };
        // Which box is the best of none that count is chance.
        if (count > 0) golden.expected[output.tensor] = { values: first(output.tensor, 4) };
        break;
      }
      case 'heatmap':
      case 'points':
      case 'features':
        throw new Error(`no shipped model gives ${output.role}`);
    }
  }
  console.log(plan.name, JSON.stringify(golden.expected));
  return golden;
}

function readManifest(
  shipped: ShippedModel,
): Pick<ModelManifest, 'inputs' | 'outputs' | 'preprocessing' | 'appliesTo'> {
  const written = shipped.manifest('0'.repeat(64), [STAND]);
  const { inputs, outputs, preprocessing, appliesTo } = ModelManifest.shape;
  return {
    inputs: inputs.parse(written.inputs),
    outputs: outputs.parse(written.outputs),
    preprocessing: preprocessing.parse(written.preprocessing),
    appliesTo: appliesTo.parse(written.appliesTo),
  };
}

function quantised(values: ArrayLike<number>, { low, high, apart }: GoldenPlan['kept']): Int16Array<ArrayBuffer> {
  return Int16Array.from(values, (value) => Math.round(Math.min(high, Math.max(low, value)) / apart) * apart);
}
