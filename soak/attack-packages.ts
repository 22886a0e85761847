import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { startGraph } from '../scripts/onnx/graph.ts';
import { forkRunnerHost } from '../src/main/station/inference/fork-runner-host.ts';
import { readPackage } from '../src/main/station/inference/read-package.ts';
import { superviseRunner } from '../src/main/station/inference/runner-supervisor.ts';
import { freshObjectKeys } from '../src/main/station/platform/objects/object-keys.ts';
import { PROGRAM } from '../src/main/station/program.ts';
import type { WrittenManifest } from '../src/shared/domain/model-manifest.ts';
import { describeFault } from '../src/shared/domain/package-fault.ts';
import { type Dice, diceOf, mutate } from '../test/faults/fuzz/mutate.ts';

/** What a run over mutated packages showed; a failing case is named by its number, which is its seed. */
export type PackagesAttacked = {
  readonly cases: number;
  readonly failures: readonly string[];
  /** How each case ended: `held`, or the code of its first fault. */
  readonly ends: ReadonlyMap<string, number>;
};

/** A model that takes longer than this to load is ended with its process. */
const LOAD_MS = 10_000;
/** What no case may take. */
const HANG_MS = 60_000;

/**
 * Reads the cases `from` to `to` as the station does, one half of them mutated manifests, the other mutated model files whose
 * digest the manifest names, and has the runner load those that may be. A throw, a case without an answer or a refusal that does
 * not say what is wrong is a failure; a runner that dies of a model is not, and goes on with the next.
 */
export async function attackPackages(from: number, to: number): Promise<PackagesAttacked> {
  const work = mkdtempSync(path.join(tmpdir(), 'wetread-fuzz-'));
  const [directory, objectsDir, outboxDir] = ['package', 'objects', 'outbox'].map((name) => path.join(work, name));
  if (directory === undefined || objectsDir === undefined || outboxDir === undefined) throw new Error('no folders');
  for (const folder of [path.join(directory, 'golden'), objectsDir, outboxDir]) mkdirSync(folder, { recursive: true });
  const pixels = Float32Array.of(1, 2, 3, 6);
  writeFileSync(path.join(directory, 'golden/four.gz'), gzipSync(new Uint8Array(pixels.buffer)));
  const model = aModel();
  const failures: string[] = [];
  const ends = new Map<string, number>();
  const supervisor = superviseRunner(
    forkRunnerHost(PROGRAM.runnerEntry),
    { objectsDir, objectKeys: [...freshObjectKeys().export()], outboxDir, providers: ['cpu'], threads: 1 },
    {
      limits: {
        loadMs: LOAD_MS,
        firstBackOffMs: 0,
        longestBackOffMs: 0,
        startsBeforeRefusing: Number.MAX_SAFE_INTEGER,
      },
    },
  );
  supervisor.start();
  const attack = async (number: number): Promise<string> => {
    const dice = diceOf(number);
    const isModel = number % 2 === 1;
    const bytes = isModel ? mutateModel(model, dice) : model;
    const text = JSON.stringify(aManifest(createHash('sha256').update(bytes).digest('hex')));
    writeFileSync(path.join(directory, 'model.onnx'), bytes);
    writeFileSync(path.join(directory, 'manifest.json'), isModel ? text : mutateJson(text, dice));
    const read = await readPackage(directory, []);
    const loaded = read.ok ? await supervisor.load(directory, { verify: true }) : read;
    if (loaded.ok) return 'held';
    const [first] = loaded.error.faults;
    if (first === undefined) throw new Error(`${loaded.error.code} without a fault`);
    if (first.expected === null && first.value === null) throw new Error(`says nothing: ${describeFault(first)}`);
    return first.code;
  };
  for (let number = from; number < to; number += 1) {
    try {
      const end = await Promise.race([attack(number), hang()]);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (error) {
      failures.push(`${number}: ${String(error)}`);
    }
  }
  await supervisor.stop();
  rmSync(work, { recursive: true, force: true });
  return { cases: to - from, failures, ends };
}

function hang(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${HANG_MS / 1000} s`)), HANG_MS).unref();
  });
}

/** A small network: convolution, pooling and a dense layer over a 2×2 image, with constants of several types. */
function aModel(): Uint8Array {
  const graph = startGraph('small');
  const x = graph.input('x', 'float32', ['N', 1, 2, 2]);
  const bright = graph.add('Cast', [graph.add('Greater', [x, graph.floats(1.5)])], { to: 1 });
  const pooled = graph.add('MaxPool', [graph.add('Mul', [x, bright])], { kernel_shape: [1, 1], strides: [1, 1] });
  const flat = graph.add('Reshape', [pooled, graph.ints([-1, 4])]);
  const sum = graph.add('ReduceSum', [graph.add('Mul', [flat, graph.floats([0.1, 0.2, 0.3, 0.4])]), graph.ints([1])], {
    keepdims: 0,
  });
  graph.output('y', graph.add('Sigmoid', [sum]), 'float32', ['N']);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: 'fuzzed', metadata: { licence: 'Apache-2.0' } });
}

function aManifest(modelDigest: string): WrittenManifest {
  const shipped = readFileSync(path.join(PROGRAM.resources, 'models/head-ct-hyperdense/manifest.json'), 'utf8');
  return {
    ...(JSON.parse(shipped) as WrittenManifest),
    modelDigest,
    preprocessing: {
      source: { arrangement: 'images', values: 'displayed' },
      steps: [
        { do: 'resize', to: [null, 2, 2], aspect: 'fill', interpolation: 'linear' },
        { do: 'percentile-range', low: 1, high: 99 },
        { do: 'crop-to-content', above: 0.5, margin: 1 },
        { do: 'clahe', tiles: [2, 2], clipLimit: 2 },
      ],
      planes: [{ from: 'feed', feed: 'first', label: 'part' }],
      channelPlanes: [0],
      mirrors: [['columns']],
      channels: [[{ do: 'window', centre: 0.5, width: 1 }]],
      sampling: { kind: 'patches', size: [1, 2, 2], overlap: 0.25 },
    },
    otherSeries: [{ id: 'other', appliesTo: { modalities: ['CT'], images: 'matching', lateralities: ['L'] } }],
    feeds: [{ id: 'first', model: 'another', versions: { from: '1.0.0', below: '2.0.0' } }],
    inputs: [{ tensor: 'x', role: 'image', layout: 'NCHW' }],
    outputs: [
      {
        ...{ tensor: 'y', role: 'classes', classes: ['suspected-hyperdense-blood'], activation: 'sigmoid' },
        labelCalibrations: { 'suspected-hyperdense-blood': { kind: 'temperature', temperature: 1.5 } },
      },
    ],
    quantised: [{ tensor: 'y', scale: 1, zeroPoint: 0 }],
    operatingPoints: [{ id: 'high', name: 'High', flagFrom: { 'suspected-hyperdense-blood': 0.9 } }],
    goldenCases: [
      {
        name: 'four',
        inputs: { x: { file: 'golden/four.gz', stored: 'float32', dims: [1, 1, 2, 2] } },
        expected: { y: { values: [0.9820138], above: { threshold: 0.5, count: 1 } } },
      },
    ],
  };
}

/** As other bytes are; half of the cases one bit alone, so that many a model still loads and computes something else. */
function mutateModel(model: Uint8Array, dice: Dice): Uint8Array {
  if (dice.roll(2) === 0) return mutate(model, dice);
  const changed = Uint8Array.from(model);
  const at = dice.roll(changed.length);
  changed[at] = (changed[at] as number) ^ (1 << dice.roll(8));
  return changed;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
const NESTED = `${'['.repeat(3000)}${']'.repeat(3000)}`;
const VALUES: readonly string[] = [
  ...[
    'null',
    'true',
    '-1',
    '0',
    '0.5',
    '1e308',
    '-1e308',
    '5e-324',
    '9007199254740993',
    '1e999',
    '""',
    '"x"',
    '[]',
    '{}',
  ],
  ...[
    '"../../secret"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"NCDHW"',
    '"(a+)+$"',
    '{"__proto__":1}',
    '{"constructor":{}}',
    NESTED,
  ],
  JSON.stringify('x'.repeat(100_000)),
  JSON.stringify(Array.from({ length: 5000 }, (_, index) => index)),
];

/** One or two changes to places of a JSON text, or some to its bytes. */
function mutateJson(text: string, dice: Dice): Uint8Array {
  if (dice.roll(4) === 0) return mutate(Buffer.from(text), dice);
  let changed = text;
  for (let count = 1 + dice.roll(2); count > 0; count -= 1) {
    const whole = JSON.parse(changed) as Json;
    const places = placesOf(whole);
    const place = dice.pick(places);
    const MARK = 'the place that is changed';
    if (place === undefined) break;
    const { holder, key } = place;
    const how = dice.roll(4);
    if (how === 0) {
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      changed = JSON.stringify(whole);
    } else if (how === 1) {
      const other = dice.pick(places);
      (holder as Record<string, Json>)[key] = structuredClone(
        (other.holder as Record<string, Json>)[other.key] ?? null,
      );
      changed = JSON.stringify(whole);
    } else {
      (holder as Record<string, Json>)[key] = MARK;
      changed = JSON.stringify(whole).replace(JSON.stringify(MARK), () => dice.pick(VALUES));
      if (how === 3 || !isJson(changed)) break;
    }
  }
  return Buffer.from(changed);
}

type Place = { readonly holder: Json[] | { [name: string]: Json }; readonly key: string };

function placesOf(whole: Json): readonly Place[] {
  const found: Place[] = [];
  const open: Json[] = [whole];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    if (typeof holder !== 'object' || holder === null) continue;
    for (const [key, value] of Object.entries(holder)) {
      found.push({ holder, key });
      open.push(value);
    }
  }
  return found;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // the answer to the question
  }
}
