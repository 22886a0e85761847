import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { type ElementType, moveWeightsOut, startGraph } from '../../../../../scripts/onnx/graph.ts';
import type { WrittenManifest } from '../../../../shared/domain/model-manifest.ts';
import { TENSOR_TYPES, type TensorType } from '../../../../shared/domain/model-tensors.ts';
import { describeFault } from '../../../../shared/domain/package-fault.ts';
import { type ModelPackage, openModelPackage, sha256 } from './model-package.ts';
import { proveProviders } from './providers.ts';
import { replayGoldenCases } from './replay-golden.ts';
import { allocateTensor, makeTensor, numbersOf, ONNXRUNTIME_VERSION } from './session.ts';

const PACKAGE = path.resolve(import.meta.dirname, '../../../../../resources/models/head-ct-hyperdense');
const TB_HEAD = path.resolve(import.meta.dirname, '../../../../../../shared/data/onnx/tb-sequelae-head');
const OPTIONS = { provider: 'cpu', threads: 1 } as const;
const root = mkdtempSync(path.join(tmpdir(), 'wetread-package-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

function freshFolder(): string {
  made += 1;
  const directory = path.join(root, String(made));
  mkdirSync(path.join(directory, 'golden'), { recursive: true });
  return directory;
}

function copied(change: (directory: string) => void): string {
  const directory = freshFolder();
  cpSync(PACKAGE, directory, { recursive: true });
  change(directory);
  return directory;
}

function edited(change: (manifest: WrittenManifest) => void): string {
  return copied((directory) => {
    const file = path.join(directory, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as WrittenManifest;
    change(manifest);
    writeFileSync(file, JSON.stringify(manifest));
  });
}

async function opened(directory: string): Promise<ModelPackage> {
  const result = await openModelPackage(directory, OPTIONS);
  if (!result.ok) throw new Error(result.error.faults.map(describeFault).join('\n'));
  return result.value;
}

async function faultsOf(directory: string): Promise<readonly string[]> {
  const result = await openModelPackage(directory, OPTIONS);
  if (result.ok) await result.value.session.close();
  return result.ok ? [] : result.error.faults.map(describeFault);
}

/** A package of one model that reads single images and gives the mean of each, with one golden case. */
function writePackage(model: Uint8Array, change: Partial<WrittenManifest> = {}): string {
  const directory = freshFolder();
  const pixels = Float32Array.of(1, 2, 3, 6);
  writeFileSync(path.join(directory, 'golden/four.gz'), gzipSync(new Uint8Array(pixels.buffer)));
  writeFileSync(path.join(directory, 'model.onnx'), model);
  const manifest: WrittenManifest = {
    ...{
      schema: 2,
      id: 'mean',
      name: 'Mean',
      version: '1.0.0',
      vendor: 'Test',
      clinicalUse: 'none',
      intendedUse: 'None.',
    },
    modelDigest: sha256(model),
    permittedUses: ['measure'],
    appliesTo: { modalities: ['DX'] },
    preprocessing: { source: { arrangement: 'images' }, sampling: { kind: 'slices' } },
    inputs: [{ tensor: 'x', role: 'image', layout: 'NCHW' }],
    outputs: [{ tensor: 'y', role: 'classes', classes: ['mean'] }],
    labels: [
      {
        id: 'mean',
        name: 'Mean',
        concept: { value: '1', scheme: '99T', meaning: 'Mean' },
        acrCategory: 3,
        flagFrom: null,
      },
    ],
    replayTolerance: { absolute: 0.01, relative: 0 },
    ...{ toleranceMs: 1, budgetMs: 1, memoryMb: 1 },
    goldenCases: [
      {
        name: 'four',
        inputs: { x: { file: 'golden/four.gz', stored: 'float32', dims: [1, 1, 2, 2] } },
        expected: { y: { values: [3] } },
      },
    ],
    ...change,
  };
  writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  return directory;
}

/** The mean of an image of this type, plus a constant, in this type. */
function meanModel(type: ElementType = 'float32', plus = 0): Uint8Array {
  const graph = startGraph('mean');
  const x = graph.add('Cast', [graph.input('x', type, ['N', 1, 2, 2])], { to: 1 });
  const mean = graph.add('ReduceMean', [x], { axes: [1, 2, 3], keepdims: 0 });
  const sum = graph.add('Add', [mean, graph.floats(plus)]);
  graph.output('y', graph.add('Cast', [sum], { to: ELEMENTS[type] }), type, ['N']);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}
const ELEMENTS: Readonly<Record<ElementType, number>> = {
  ...{ float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 },
};

test('opens the shipped package, and its golden cases hold on this machine', async () => {
  const model = await opened(PACKAGE);
  expect(model.manifest).toMatchObject({ id: 'head-ct-hyperdense', clinicalUse: 'none' });
  const outcomes = await replayGoldenCases(model);
  expect(outcomes.map(({ name, passed, faults }) => ({ name, passed, faults }))).toEqual([
    { name: 'bleed-12-ml', passed: true, faults: [] },
    { name: 'no-bleed', passed: true, faults: [] },
  ]);
  await model.session.close();
});

test('a golden case that comes out differently, or cannot be read, says which number or file', async () => {
  const wrong = await opened(
    edited(({ goldenCases: [first] }) => {
      if (first) first.expected['volume_ml'] = { values: [15] };
    }),
  );
  const [differs, holds] = await replayGoldenCases(wrong);
  expect([differs?.passed, holds?.passed]).toEqual([false, true]);
  expect(differs?.faults.map(describeFault)).toEqual([
    expect.stringMatching(
      /^golden-differs goldenCases\.0\.expected\.volume_ml\.values\.0: is 15, expected 1\d\.\d*, as computed here \(within 0\.15\)$/,
    ),
  ]);
  const cut = await opened(
    copied((directory) => writeFileSync(path.join(directory, 'golden/no-bleed.volume.gz'), 'cut')),
  );
  const [, unread] = await replayGoldenCases(cut);
  expect(unread?.faults.map(describeFault)).toEqual([
    'golden-unreadable goldenCases.1.inputs.volume: is "golden/no-bleed.volume.gz", expected gzip of 442368 numbers of int16',
  ]);
  for (const { session } of [wrong, cut]) await session.close();
});

test('a golden file that is longer than what it is to hold can be is not read', async () => {
  const folder = copied((at) =>
    writeFileSync(path.join(at, 'golden/no-bleed.volume.gz'), randomBytes(442_368 * 2 + 80_000)),
  );
  const opened = await openModelPackage(folder, { provider: 'cpu', threads: 1 });
  if (!opened.ok) throw new Error(opened.error.code);
  const [, unread] = await replayGoldenCases(opened.value);
  await opened.value.session.close();
  expect(unread?.faults.map(describeFault)).toEqual([
    'golden-unreadable goldenCases.1.inputs.volume: is "golden/no-bleed.volume.gz", expected gzip of 442368 numbers of int16',
  ]);
});

test.each<[string, () => string, readonly string[]]>([
  [
    'no manifest',
    () => copied((folder) => rmSync(path.join(folder, 'manifest.json'))),
    ['manifest-missing manifest.json: is "ENOENT"'],
  ],
  [
    'no model',
    () => copied((folder) => rmSync(path.join(folder, 'model.onnx'))),
    ['file-missing modelDigest: is "model.onnx", expected a file that can be read (ENOENT)'],
  ],
  [
    'a tensor of another name',
    () =>
      writePackage(meanModel(), {
        outputs: [{ tensor: 'p', role: 'classes', classes: ['mean'] }],
        goldenCases: [
          {
            name: 'four',
            inputs: { x: { file: 'golden/four.gz', stored: 'float32', dims: [1, 1, 2, 2] } },
            expected: { p: { mean: 3 } },
          },
        ],
      }),
    ['tensor-missing outputs.0.tensor: is "p", expected one of the model\'s: y (float32 [any])'],
  ],
  [
    'another element type',
    () => writePackage(meanModel('uint8')),
    ['tensor-type inputs.0.type: is "float32", expected uint8'],
  ],
  [
    'another number of axes',
    () => writePackage(meanModel(), { inputs: [{ tensor: 'x', role: 'image', layout: 'HW' }] }),
    ['tensor-shape inputs.0.layout: is {"layout":"HW","shape":["any","any"]}, expected [any, 1, 2, 2], as x has'],
  ],
  [
    'channels elsewhere',
    () =>
      writePackage(meanModel(), {
        preprocessing: { source: { arrangement: 'images' }, channels: [[], [], []], sampling: { kind: 'slices' } },
      }),
    ['tensor-shape inputs.0.layout: is {"layout":"NCHW","shape":[1,3,"any","any"]}, expected [any, 1, 2, 2], as x has'],
  ],
  [
    'steps that make another size than the model takes',
    () =>
      writePackage(meanModel(), {
        preprocessing: {
          source: { arrangement: 'images' },
          steps: [{ do: 'resize', to: [null, 4, 4], interpolation: 'linear' }],
          sampling: { kind: 'slices' },
        },
      }),
    ['tensor-shape inputs.0.layout: is {"layout":"NCHW","shape":[1,1,4,4]}, expected [any, 1, 2, 2], as x has'],
  ],
])('refuses a package and says where: %s', async (_what, make, expected) => {
  expect(await faultsOf(make())).toEqual(expected);
});

test('what is no ONNX model is refused with the library’s reason', async () => {
  const [fault] = await faultsOf(writePackage(Buffer.from('no model')));
  expect(fault).toMatch(
    /^model-rejected modelFile: is "model.onnx", expected an ONNX model that can be loaded \(.+\)$/,
  );
});

test('weights beside the model come from the verified file alone', async () => {
  const { model, weights } = moveWeightsOut(meanModel('float32', 4), 'w.data');
  const digest = sha256(weights);
  const golden = {
    name: 'four',
    inputs: { x: { file: 'golden/four.gz', stored: 'float32', dims: [1, 1, 2, 2] } },
  } as const;
  const change = {
    externalData: [{ file: 'w.data', digest }],
    goldenCases: [{ ...golden, expected: { y: { values: [7] } } }],
  };
  const folder = writePackage(model, change as never);
  expect(await faultsOf(folder)).toEqual([
    'file-missing externalData.0.digest: is "w.data", expected a file that can be read (ENOENT)',
  ]);
  writeFileSync(path.join(folder, 'w.data'), weights);
  const sound = await opened(folder);
  expect((await replayGoldenCases(sound)).map(({ passed }) => passed)).toEqual([true]);
  await sound.session.close();
  writeFileSync(path.join(folder, 'w.data'), Buffer.alloc(weights.length));
  expect(await faultsOf(folder)).toEqual([expect.stringContaining('digest-differs externalData.0.digest')]);
  // Nor is one read that the manifest does not list, wherever the process happens to stand.
  const unlisted = writePackage(model, { goldenCases: change.goldenCases } as never);
  writeFileSync(path.join(unlisted, 'w.data'), weights);
  const before = process.cwd();
  process.chdir(unlisted);
  try {
    expect(await faultsOf(unlisted)).toEqual([expect.stringContaining('model-rejected modelFile')]);
  } finally {
    process.chdir(before);
  }
});

test.each(TENSOR_TYPES)('a model that takes and gives %s holds its golden case', async (type: TensorType) => {
  const pixels = makeTensor(type, [1, 1, 2, 2], [1, 2, 3, 6]);
  const mean = type === 'bool' ? 1 : 3;
  const folder = writePackage(meanModel(type), {
    inputs: [{ tensor: 'x', role: 'image', layout: 'NCHW', type }],
    goldenCases: [
      {
        name: 'four',
        inputs: { x: { file: `golden/four.gz`, stored: type, dims: [1, 1, 2, 2] } },
        expected: { y: { values: [mean], mean, min: mean, max: mean, above: { threshold: 0.5, count: 1 } } },
      },
    ],
  });
  const { buffer, byteOffset, byteLength } = pixels.data;
  writeFileSync(path.join(folder, 'golden/four.gz'), gzipSync(new Uint8Array(buffer, byteOffset, byteLength)));
  const model = await opened(folder);
  expect(await replayGoldenCases(model)).toEqual([{ name: 'four', passed: true, largestDeviation: 0, faults: [] }]);
  await model.session.close();
});

test('numbers are rounded with halves to even and clamped to what a type holds', () => {
  const values = [0.5, 1.5, 2.5, -0.5, -1.5, 300, -300, Number.NaN];
  expect([...numbersOf(makeTensor('uint8', [8], values))]).toEqual([0, 2, 2, 0, 0, 255, 0, 0]);
  expect([...numbersOf(makeTensor('int8', [8], values))]).toEqual([0, 2, 2, 0, -2, 127, -128, 0]);
  expect([...numbersOf(makeTensor('int64', [8], values))]).toEqual([0, 2, 2, 0, -2, 300, -300, 0]);
  expect([...numbersOf(makeTensor('bool', [8], values))]).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
  expect(numbersOf(makeTensor('float16', [1], [1 / 3]))[0]).toBeCloseTo(1 / 3, 3);
  expect(allocateTensor('float64', 3).byteLength).toBe(24);
});

test('proves each wanted provider by computing, and does not believe in one it cannot use', async () => {
  expect(await proveProviders(['imaginary', 'cpu'])).toEqual([
    { name: 'imaginary', proven: false, version: ONNXRUNTIME_VERSION, code: 'provider-not-built-in' },
    { name: 'cpu', proven: true, version: ONNXRUNTIME_VERSION, code: null },
  ]);
});

// Needs ../shared/data beside the repository; skipped without.
test.skipIf(!existsSync(TB_HEAD))(
  'a real model that cannot take an image is refused with what it would need',
  async () => {
    const model = readFileSync(path.join(TB_HEAD, 'sequelae_head.onnx'));
    const weights = readFileSync(path.join(TB_HEAD, 'sequelae_head.onnx.data'));
    const folder = writePackage(model, {
      externalData: [{ file: 'sequelae_head.onnx.data', digest: sha256(weights) }],
      inputs: [{ tensor: 'cls', role: 'image', layout: 'NCHW' }],
      outputs: [{ tensor: 's_inactive', role: 'classes', classes: ['mean'] }],
      goldenCases: [
        {
          name: 'four',
          inputs: { cls: { file: 'golden/four.gz', stored: 'float32', dims: [1, 1, 2, 2] } },
          expected: { s_inactive: { mean: 3 } },
        },
      ],
    });
    writeFileSync(path.join(folder, 'sequelae_head.onnx.data'), weights);
    expect(await faultsOf(folder)).toEqual([
      'tensor-shape inputs.0.layout: is {"layout":"NCHW","shape":[1,1,"any","any"]}, expected [any, 768], as cls has',
      'tensor-unexpected inputs: is ["cls"], expected also patches, which the model needs: patches (float32 [any, 64, 768])',
      'tensor-unexpected inputs: is ["cls"], expected also txrv, which the model needs: txrv (float32 [any, 1042])',
    ]);
  },
);
