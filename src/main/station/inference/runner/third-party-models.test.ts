import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as ort from 'onnxruntime-node';
import { afterEach, expect, test } from 'vitest';
import { readPart10Header } from '../../dicom/part10.ts';
import { forkRunnerHost } from '../fork-runner-host.ts';
import { judgeLabels } from '../judge-labels.ts';
import type { RunMask } from '../run-answer.ts';
import type { InstanceReference, RunFinished } from '../runner-protocol.ts';
import { type RunnerSupervisor, superviseRunner } from '../runner-supervisor.ts';
import { objectDigest } from './object-digest.ts';
import { maskFileName } from './outbox.ts';
import { openTestObjects, testRunId } from './test-series.ts';
import { openObjectStore, SEALED } from '../../platform/objects/object-store.ts';
import { RunId } from '../../../../shared/domain/ids.ts';
import { ModelManifest } from '../../../../shared/domain/model-manifest.ts';

/** Models of other people run from manifests alone, in the real runner, and are held against what is computed here by hand. */
const ROOT = path.resolve(import.meta.dirname, '../../../../..');
const DATA = path.join(ROOT, '../shared/data');
const ENTRY = path.join(import.meta.dirname, 'index.ts');
const FIXTURES = path.join(ROOT, 'test/fixtures/models');

let supervisor: RunnerSupervisor | null = null;
const leftover: string[] = [];
afterEach(async () => {
  await supervisor?.stop();
  supervisor = null;
  for (const directory of leftover.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function isHere(...files: readonly string[]): boolean {
  const missing = files.filter((file) => !existsSync(path.join(DATA, file)));
  if (missing.length > 0) console.error(`skipped: ../shared/data has no ${missing.join(', ')}`);
  return missing.length === 0;
}

/** A package of a fixture's manifest, the model of the test data and its golden input. */
function packageOf(name: string, golden: { readonly file: string; readonly bytes: Uint8Array }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'wetread-third-party-'));
  leftover.push(directory);
  const text = readFileSync(path.join(FIXTURES, `${name}.json`), 'utf8');
  const manifest = ModelManifest.parse(JSON.parse(text));
  copyFileSync(path.join(DATA, 'onnx', name, manifest.modelFile), path.join(directory, manifest.modelFile));
  writeFileSync(path.join(directory, 'manifest.json'), text);
  mkdirSync(path.join(directory, 'golden'));
  writeFileSync(path.join(directory, 'golden', golden.file), gzipSync(golden.bytes));
  return { directory, manifest };
}

function startRunner() {
  const objects = openTestObjects();
  leftover.push(path.dirname(objects.objectsDir));
  const { objectsDir, outboxDir, keys } = objects;
  const settings = { objectsDir, objectKeys: [...keys.export()], outboxDir, providers: ['cpu'], threads: 1 };
  supervisor = superviseRunner(forkRunnerHost(ENTRY), settings);
  supervisor.start();
  const store = openObjectStore(objectsDir, keys);
  const put = async (files: readonly string[]): Promise<InstanceReference[]> => {
    const instances: InstanceReference[] = [];
    for (const name of files) {
      const file = readFileSync(name);
      const header = readPart10Header(file);
      const digest = objectDigest(file);
      if (!header.ok || digest === null) throw new Error('no DICOM file');
      const incoming = await store.receive();
      await incoming.write(file);
      await incoming.keep(digest);
      const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
      instances.push({ sopUid, digest, encoding: SEALED, transferSyntaxUid });
    }
    return instances;
  };
  return { supervisor, put, outboxDir };
}

function request(model: ReturnType<typeof packageOf>, instances: InstanceReference[]) {
  return {
    runId: RunId.parse(testRunId()),
    packageDir: model.directory,
    modelDigest: model.manifest.modelDigest,
    series: { seriesUid: '2.25.1', instances },
  };
}

/** Weights of Pillow's bilinear resize: a triangle as wide as the step, over what there is. */
function triangle(from: number, to: number, index: number): readonly (readonly [number, number])[] {
  const step = from / to;
  const centre = (index + 0.5) * step;
  const found: [number, number][] = [];
  for (let at = Math.max(0, Math.floor(centre - step)); at < Math.min(from, Math.ceil(centre + step)); at += 1) {
    const weight = 1 - Math.abs(at + 0.5 - centre) / step;
    if (weight > 0) found.push([at, weight]);
  }
  const sum = found.reduce((total, [, weight]) => total + weight, 0);
  return found.map(([at, weight]) => [at, weight / sum]);
}

/** The film as the model's authors prepare it, from the last bytes of an uncompressed file. */
function prepareFilm(file: string): Float32Array {
  const pixels = new Uint8Array(readFileSync(file)).slice(-1024 * 1024);
  const taps = Array.from({ length: 224 }, (_, index) => triangle(1024, 224, index));
  const film = new Float32Array(224 * 224);
  for (const [row, down] of taps.entries())
    for (const [column, across] of taps.entries()) {
      let grey = 0;
      for (const [y, byRow] of down)
        for (const [x, byColumn] of across) grey += byRow * byColumn * (pixels[y * 1024 + x] as number);
      film[row * 224 + column] = (grey / 255 - 0.485) / 0.229;
    }
  return film;
}

test('a chest classifier in 8 bits gives of real films what its authors’ own preparation gives', async (context) => {
  const films = ['test1.dcm', 'test2.dcm'].map((name) => `cxr/nih-udacity/${name}`);
  const jpeg = 'cxr/rsna-torchxrayvision/1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm';
  if (!isHere('onnx/cxr-mobilenetv3-int8/model_int8.onnx', ...films, jpeg)) return context.skip();
  const ramp = Float32Array.from({ length: 224 * 224 }, (_, index) => (index % 224) / 112 - 1);
  const model = packageOf('cxr-mobilenetv3-int8', { file: 'ramp.gz', bytes: new Uint8Array(ramp.buffer) });
  const runner = startRunner();
  const loaded = await runner.supervisor.load(model.directory, { verify: true });
  expect(loaded).toMatchObject({ ok: true, value: { golden: [{ name: 'ramp', passed: true }] } });

  const session = await ort.InferenceSession.create(path.join(model.directory, 'model_int8.onnx'), {
    logSeverityLevel: 4,
  });
  const names = model.manifest.outputs[0]?.role === 'classes' ? model.manifest.outputs[0].classes : [];
  const flagged: string[][] = [];
  for (const film of films) {
    const answer = await runner.supervisor.run(request(model, await runner.put([path.join(DATA, film)])), {
      budgetMs: model.manifest.budgetMs,
    });
    if (!answer.ok) throw new Error(answer.error.code);
    const input = new ort.Tensor('float32', prepareFilm(path.join(DATA, film)), [1, 1, 224, 224]);
    const logits = (await session.run({ input })).output?.data as Float32Array;
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    let largest = 0;
    for (const [index, name] of names.entries()) {
      if (name === null) continue;
      const said = answer.value.outputs.find(({ label }) => label === name)?.value ?? Number.NaN;
      largest = Math.max(largest, Math.abs(said - Math.exp(logits[index] as number) / sum));
    }
    console.error(`${film}: largest difference of a probability ${largest.toExponential(1)}`);
    expect(largest).toBeLessThan(2e-3);
    flagged.push(flaggedOf(model.manifest, answer.value));
  }
  // As its authors' data say of the second; of the first, which shows nothing, it is as wrong here as anywhere.
  expect(flagged[1]).toEqual(['cardiomegaly']);

  const other = await runner.supervisor.run(request(model, await runner.put([path.join(DATA, jpeg)])), {
    budgetMs: 30_000,
  });
  if (!other.ok) throw new Error(other.error.code);
  expect(other.value.outputs.reduce((sum, { value }) => sum + value, 0)).toBeLessThanOrEqual(1);
  expect(other.value.outputs).toHaveLength(14);
});

function flaggedOf(manifest: ModelManifest, answer: RunFinished): string[] {
  return judgeLabels(
    manifest.labels,
    answer,
    Object.fromEntries(manifest.labels.map(({ id, flagFrom }) => [id, flagFrom])),
  )
    .filter(({ state }) => state === 'flagged')
    .map(({ label }) => label);
}

const MR = 'mr-brain/Study3/11-T1post-18670';
const EDGE = 256;
/** What the runner and this process take at most, one after the other. */
const NEEDED_BYTES = 5 * 2 ** 30;
/** Two cubes on two cores that others use as well. */
const LONGEST_MS = 900_000;

/** One uncompressed slice: its pixels are the last bytes of its file. */
type Slice = { readonly sopUid: string; readonly height: number; readonly pixels: Uint16Array };

/** A decimal attribute of an explicit little-endian file, found by its tag and VR. */
function decimals(file: Buffer, group: number, element: number): readonly number[] {
  const tag = Buffer.from([group & 255, group >> 8, element & 255, element >> 8, 0x44, 0x53]);
  const at = file.indexOf(tag);
  const length = file.readUInt16LE(at + 6);
  return file
    .toString('latin1', at + 8, at + 8 + length)
    .split('\\')
    .map(Number);
}

function readSlices(): readonly Slice[] {
  const folder = path.join(DATA, MR);
  return readdirSync(folder)
    .map((name): Slice => {
      const file = readFileSync(path.join(folder, name));
      const header = readPart10Header(file);
      const [x = 0, y = 0, z = 0] = decimals(file, 0x20, 0x32);
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = decimals(file, 0x20, 0x37);
      const pixels = file.buffer.slice(file.byteOffset + file.length - 320 * 280 * 2, file.byteOffset + file.length);
      return {
        sopUid: header.ok ? header.value.sopInstanceUid : '',
        height: x * (b * f - c * e) + y * (c * d - a * f) + z * (a * e - b * d),
        pixels: new Uint16Array(pixels),
      };
    })
    .toSorted((one, other) => one.height - other.height);
}

/** How an axis of the model's cube lies on one of the stack: cells, their millimetres, and whether it runs the other way. */
type Lie = { readonly cells: number; readonly mm: number; readonly isReversed: boolean };

/** Where cell `index` of the cube's axis lies on the stack's, or null beyond its ends. */
function onStack({ cells, mm, isReversed }: Lie, index: number): number | null {
  const count = Math.round(cells * mm);
  const at = index - Math.floor((EDGE - count) / 2);
  if (at < 0 || at >= count) return null;
  const place = Math.min(cells - 1, Math.max(0, (cells - 1) / 2 + (at - (count - 1) / 2) / mm));
  return isReversed ? cells - 1 - place : place;
}

/** For each cell of the cube's axis the two places of the stack's that it lies between, and how much of the second it is; -1 beyond. */
function neighbours(lie: Lie): {
  readonly below: Int16Array;
  readonly above: Int16Array;
  readonly share: Float64Array;
} {
  const places = Array.from({ length: EDGE }, (_, index) => onStack(lie, index));
  return {
    below: Int16Array.from(places, (at) => (at === null ? -1 : Math.floor(at))),
    above: Int16Array.from(places, (at) => (at === null ? -1 : Math.min(lie.cells - 1, Math.floor(at) + 1))),
    share: Float64Array.from(places, (at) => (at === null ? 0 : at - Math.floor(at))),
  };
}

/** The cell of the cube's axis that a row, column or slice of the stack is in. */
function onCube({ cells, mm, isReversed }: Lie, index: number): number {
  const count = Math.round(cells * mm);
  const place = isReversed ? cells - 1 - index : index;
  return Math.floor((place - (cells - 1) / 2) * mm + (count - 1) / 2 + 0.5) + Math.floor((EDGE - count) / 2);
}

test('a brain segmentation in three dimensions marks on real slices what is computed here by hand', {
  timeout: LONGEST_MS,
}, async (context) => {
  if (freemem() < NEEDED_BYTES) {
    console.error('skipped: a cube of 256 needs 5 GB of free memory');
    return context.skip();
  }
  if (!isHere('onnx/brain-meshnet3d/model.onnx', MR)) return context.skip();
  const model = packageOf('brain-meshnet3d', { file: 'nothing.gz', bytes: new Uint8Array(EDGE ** 3) });
  const runner = startRunner();
  const files = readdirSync(path.join(DATA, MR)).map((name) => path.join(DATA, MR, name));
  const instances = await runner.put(files);
  // A budget that no cube of 256 keeps is over, and the next run finds a runner again.
  const rushed = await runner.supervisor.run(request(model, instances), { budgetMs: 1500 });
  expect(rushed).toEqual({ ok: false, error: { code: 'over-budget' } });
  const answer = await runner.supervisor.run(request(model, instances), { budgetMs: model.manifest.budgetMs });
  if (!answer.ok) throw new Error(answer.error.code);
  await runner.supervisor.stop(); // it holds more than a gigabyte
  supervisor = null;
  console.error(`MeshNet: ${JSON.stringify(answer.value.timings)}`);

  const slices = readSlices();
  const stepMm = ((slices.at(-1)?.height ?? 0) - (slices[0]?.height ?? 0)) / (slices.length - 1);
  // Slices of the cube grow to the front, rows to the feet, columns to the left; of the stack to the head, back and left.
  const front: Lie = { cells: 320, mm: 0.6875, isReversed: true };
  const feet: Lie = { cells: slices.length, mm: stepMm, isReversed: true };
  const left: Lie = { cells: 280, mm: 0.6875, isReversed: false };
  const stack = new Uint16Array(slices.length * 320 * 280);
  for (const [index, { pixels }] of slices.entries()) stack.set(pixels, index * 320 * 280);
  const sorted = stack.toSorted();
  const percentile = (share: number) => {
    const at = share * (sorted.length - 1);
    const low = sorted[Math.floor(at)] as number;
    return low + ((sorted[Math.ceil(at)] as number) - low) * (at - Math.floor(at));
  };
  const [low, high] = [percentile(0.01), percentile(0.99)];
  const values = Float64Array.from(stack, (raw) => Math.min(1, Math.max(0, (raw - low) / (high - low))));
  const [rows, heights, columns] = [neighbours(front), neighbours(feet), neighbours(left)];
  /** Plain numbers in plain loops: they come by sixteen million times. */
  const between = (one: number, other: number, share: number) => one + (other - one) * share;
  const cube = new Float32Array(EDGE ** 3);
  for (let k = 0; k < EDGE; k += 1)
    for (let i = 0; i < EDGE; i += 1)
      for (let j = 0; j < EDGE; j += 1) {
        const [r, s, c] = [rows.below[k] as number, heights.below[i] as number, columns.below[j] as number];
        if (r < 0 || s < 0 || c < 0) continue;
        const share = columns.share[j] as number;
        const valueIn = (slice: number, row: number) => {
          const line = (slice * 320 + row) * 280;
          return between(values[line + c] as number, values[line + (columns.above[j] as number)] as number, share);
        };
        const [nextRow, byRow] = [rows.above[k] as number, rows.share[k] as number];
        const nextSlice = heights.above[i] as number;
        cube[(k * EDGE + i) * EDGE + j] = between(
          between(valueIn(s, r), valueIn(s, nextRow), byRow),
          between(valueIn(nextSlice, r), valueIn(nextSlice, nextRow), byRow),
          heights.share[i] as number,
        );
      }
  const session = await ort.InferenceSession.create(path.join(model.directory, 'model.onnx'), { intraOpNumThreads: 1 });
  const output = await session.run({ input: new ort.Tensor('float32', cube, [1, 1, EDGE, EDGE, EDGE]) });
  const scores = output.output?.data as Float32Array;
  await session.release();
  const classes = new Uint8Array(EDGE ** 3);
  const [none, grey, white] = [0, 1, 2].map((channel) =>
    scores.subarray(channel * EDGE ** 3, (channel + 1) * EDGE ** 3),
  ) as [Float32Array, Float32Array, Float32Array];
  for (let cell = 0; cell < classes.length; cell += 1) {
    const [n, g, w] = [none[cell] as number, grey[cell] as number, white[cell] as number];
    classes[cell] = w > n && w > g ? 2 : g > n ? 1 : 0;
  }

  for (const [index, label] of ['grey-matter', 'white-matter'].entries()) {
    const mask = answer.value.masks.find((one) => one.label === label) as RunMask;
    expect(mask.slices.map(({ sopUid }) => sopUid)).toEqual(slices.map(({ sopUid }) => sopUid));
    const bits = gunzipSync(readFileSync(path.join(runner.outboxDir, maskFileName(mask.digest))));
    let [differing, set] = [0, 0];
    for (let slice = 0; slice < slices.length; slice += 1)
      for (let row = 0; row < 320; row += 1)
        for (let column = 0; column < 280; column += 1) {
          const bit = (slice * 320 + row) * 280 + column;
          const isSet = (((bits[bit >> 3] as number) >> (bit & 7)) & 1) === 1;
          const cell = (onCube(front, row) * EDGE + onCube(feet, slice)) * EDGE + onCube(left, column);
          set += isSet ? 1 : 0;
          differing += isSet === (classes[cell] === index + 1) ? 0 : 1;
        }
    console.error(`${label}: ${mask.volumeMl?.toFixed(0)} mL, ${differing} of ${set} pixels differ`);
    expect(set).toBe(mask.pixels);
    expect(set).toBeGreaterThan(10_000);
    expect(differing).toBeLessThan(set / 1000);
  }
});
