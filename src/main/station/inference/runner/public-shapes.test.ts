import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Graph, startGraph } from '../../../../../scripts/onnx/graph.ts';
import type { DicomRecord } from '../../dicom/dataset/write-dataset.ts';
import { judgeLabels } from '../judge-labels.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';
import { openModelPackage, sha256 } from './model-package.ts';
import { maskFileName } from './outbox.ts';
import { prepareRule, prepareSeries } from './prepare-series.ts';
import { runFrames } from './run-frames.ts';
import { makeTensor, numbersOf } from './session.ts';
import { timeStages } from './stage-timer.ts';
import { answerOf as answerOn, type Described, label, runModel as runOn } from './test-models.ts';
import { ballHead, openTestObjects, sliceRecord } from './test-series.ts';

/** Shapes of well-known public models that nobody here wrote a manifest for before, with graphs small enough to reckon by hand. */
type Rest = Parameters<typeof runOn> extends [unknown, unknown, ...infer Others] ? Others : never;
function encode(build: (graph: Graph) => void): Uint8Array {
  const graph = startGraph('shape');
  build(graph);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}
const runModel = (build: (graph: Graph) => void, described: object, ...rest: Rest) =>
  runOn(encode(build), described as Described, ...rest);
const answerOf = (build: (graph: Graph) => void, described: object, ...rest: Rest) =>
  answerOn(encode(build), described as Described, ...rest);
const quantity = { value: '1', scheme: '99TEST', meaning: 'Test' };

describe('risk of breast cancer by four views in one tensor and age (Mirai: [N, 3, 4, rows, columns], risk of five years)', () => {
  const VIEWS = ['l-mlo', 'r-cc', 'r-mlo'] as const;
  const view = (name: string, value: number, size = 4, more: DicomRecord = {}): DicomRecord => ({
    ...{
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.2',
      SOPInstanceUID: `2.25.4.${value}.${size}`,
      StudyInstanceUID: '2.25.1',
    },
    ...{ SeriesInstanceUID: `2.25.2.${value}`, Modality: 'MG', InstanceNumber: 1, SeriesDescription: name },
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: size, Columns: size },
    ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0, PatientAge: '061Y' },
    PixelData: new Uint16Array(size * size).fill(value),
    ...more,
  });
  const otherSeries = VIEWS.map((id) => ({ id, appliesTo: { modalities: ['MG'], descriptionPatterns: [`^${id}$`] } }));
  const described = {
    otherSeries,
    preprocessing: {
      source: { arrangement: 'images', values: 'stored' },
      // One grey image three times, as pretrained networks take it.
      ...{ channels: [[], [], []], sampling: { kind: 'slices' } },
    },
    inputs: [
      { tensor: 'x', role: 'image', layout: 'NCDHW', followedBy: [...VIEWS] },
      { tensor: 'age', role: 'scalar', of: 'age-years', dims: [1, 1] },
    ],
    outputs: [
      { tensor: 'risk', role: 'classes', classes: [null, null, null, null, 'five-years'], activation: 'sigmoid' },
    ],
    labels: [label('five-years')],
  };
  /** The logit of year k: a thousandth of the last view, less the first, and the age, k times. */
  const build = (graph: Graph) => {
    const x = graph.input('x', 'float32', ['N', 3, 4, 'H', 'W']);
    const age = graph.input('age', 'float32', ['N', 1]);
    const mean = graph.add('ReduceMean', [x], { axes: [1, 3, 4], keepdims: 0 });
    const weights = graph.add('Reshape', [graph.floats([-1, 0, 0, 1]), graph.ints([4, 1])]);
    const apart = graph.add('Add', [graph.add('MatMul', [mean, weights]), age]);
    const years = graph.add('Mul', [apart, graph.floats([1, 2, 3, 4, 5].map((year) => year / 1000))]);
    graph.output('risk', years, 'float32', ['N', 5]);
  };
  const others = (size = 4) => ({
    otherSeries: { 'l-mlo': [view('l-mlo', 20)], 'r-cc': [view('r-cc', 30, size)], 'r-mlo': [view('r-mlo', 240)] },
  });

  test('stand behind one another in the order of the manifest, each image with its fellows', async () => {
    const answer = await answerOf(build, described, [view('l-cc', 100)], undefined, others());
    const logit = (5 * (240 - 100 + 61)) / 1000;
    expect(answer.outputs[0]?.value).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
  });

  test('of another size, or missing, are refused', async () => {
    for (const beside of [others(6), { otherSeries: {} }]) {
      const { result } = await runModel(build, described, [view('l-cc', 100)], undefined, beside);
      expect(result.ok).toBe(false);
    }
  });
});

test('ejection fraction by clips of an ultrasound loop (EchoNet: [N, 3, frames, rows, columns]): the mean of clips, flagged where it is low', async () => {
  const loop: DicomRecord = {
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1', SOPInstanceUID: '2.25.5', StudyInstanceUID: '2.25.1' },
    ...{ SeriesInstanceUID: '2.25.2', Modality: 'US', InstanceNumber: 1, NumberOfFrames: 8 },
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: 2, Columns: 2 },
    ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
    PixelData: Uint8Array.from([60, 60, 60, 60, 20, 20, 20, 20].flatMap((value) => [value, value, value, value])),
  };
  const fraction = label('ejection-fraction', {
    ...{ score: 'number', flagWhen: 'at-most', flagFrom: 40, uncertainFrom: 50 },
  });
  const described = (how: string) => ({
    preprocessing: {
      source: { arrangement: 'images', values: 'stored', colour: 'rgb' },
      sampling: { kind: 'clips', frames: 4, every: 1, batch: 2 },
    },
    inputs: [{ tensor: 'clip', role: 'image', layout: 'NCDHW' }],
    outputs: [
      {
        ...{
          tensor: 'ef',
          role: 'number',
          label: 'ejection-fraction',
          quantity,
          unit: '%',
          range: { min: 0, max: 100 },
        },
        aggregate: { how },
      },
    ],
    labels: [fraction],
  });
  const build = (graph: Graph) => {
    const clip = graph.input('clip', 'float32', ['N', 3, 4, 'H', 'W']);
    graph.output('ef', graph.add('ReduceMean', [clip], { axes: [1, 2, 3, 4], keepdims: 0 }), 'float32', ['N']);
  };
  const mean = await answerOf(build, described('mean'), [loop]);
  const least = await answerOf(build, described('min'), [loop]);
  const verdict = (answer: typeof mean) =>
    judgeLabels([{ id: 'ejection-fraction', score: 'number', flagWhen: 'at-most', uncertainFrom: 50 }], answer, {
      'ejection-fraction': fraction.flagFrom,
    })[0];
  expect([verdict(mean), verdict(least)]).toMatchObject([
    { state: 'flagged', score: 40 },
    { state: 'flagged', score: 20 },
  ]);
  // What stands out is the worst clip: the second, whose middle is the sixth or seventh frame.
  expect(least.outputs[0]?.key?.frameNumber).toBeGreaterThan(4);
  expect(least.profiles[0]?.labels[0]?.scores).toEqual([60, 20]);
});

test('nnU-Net for a hippocampus: patches with half their size in common, softmax of raw sums, mirrored eight ways, a small volume flagged', async () => {
  const SIZE = 32;
  const slices = 6;
  const inside = (slice: number, row: number, column: number) =>
    slice >= 1 && slice < 4 && row >= 5 && row < 11 && column >= 20 && column < 30;
  const records = ballHead({ bleedMm: 0, slices, matrix: SIZE }).map((frame, slice) =>
    sliceRecord({
      ...frame,
      values: Int16Array.from({ length: SIZE * SIZE }, (_, at) =>
        inside(slice, Math.floor(at / SIZE), at % SIZE) ? 100 : -100,
      ),
    }),
  );
  const described = {
    preprocessing: {
      source: { arrangement: 'volume' },
      steps: [{ do: 'z-score' }],
      sampling: { kind: 'patches', size: [4, 16, 16], overlap: 0.5, blend: 'gaussian', batch: 3 },
      mirrors: [
        ...[['slices'], ['rows'], ['columns'], ['slices', 'rows'], ['slices', 'columns'], ['rows', 'columns']],
        ['slices', 'rows', 'columns'],
      ],
    },
    inputs: [{ tensor: 'image', role: 'image', layout: 'NCDHW' }],
    outputs: [
      {
        ...{ tensor: 'logits', role: 'segmentation', layout: 'NCDHW', reading: 'argmax', activation: 'softmax' },
        ...{ classes: [null, 'hippocampus'], parts: { keep: 'largest' } },
      },
    ],
    labels: [label('hippocampus', { score: 'volume-ml', flagWhen: 'at-most', flagFrom: 3 })],
  };
  const answer = await answerOf(
    (graph) => {
      const image = graph.input('image', 'float32', ['N', 1, 4, 16, 16]);
      graph.output('logits', graph.add('Concat', [graph.add('Neg', [image]), image], { axis: 1 }), 'float32', [
        ...(['N', 2, 4, 16, 16] as const),
      ]);
    },
    described,
    records,
  );
  const [mask] = answer.masks;
  expect([mask?.pixels, mask?.parts]).toEqual([3 * 6 * 10, 1]);
  const bits = gunzipSync(readFileSync(path.join(answer.outboxDir, maskFileName(mask?.digest ?? ''))));
  const isSet = (at: number) => (((bits[at >> 3] as number) >> (at & 7)) & 1) === 1;
  for (let at = 0; at < slices * SIZE * SIZE; at += 1)
    if (isSet(at) !== inside(Math.floor(at / (SIZE * SIZE)), Math.floor(at / SIZE) % SIZE, at % SIZE))
      throw new Error(`pixel ${at} is on the wrong side`);
  const judge = (flagFrom: number) =>
    judgeLabels([{ id: 'hippocampus', score: 'volume-ml', flagWhen: 'at-most' }], answer, { hippocampus: flagFrom });
  const ml = mask?.volumeMl ?? 0;
  expect([judge(ml - 0.01), judge(ml)].map(([one]) => one?.state)).toEqual(['not-flagged', 'flagged']);
});

const TB_HEAD = path.resolve(import.meta.dirname, '../../../../../../shared/data/onnx/tb-sequelae-head');
if (!existsSync(TB_HEAD)) console.error('skipped: the real models are not on this machine');

// A real head with weights beside it, of ../shared/data; skipped without. It takes no image, but what two encoders make of one.
test.skipIf(!existsSync(TB_HEAD))(
  'the head for sequelae of tuberculosis is fed by two encoders, and gives what the library gives of the same numbers',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wetread-tb-head-'));
    for (const file of ['sequelae_head.onnx', 'sequelae_head.onnx.data'])
      copyFileSync(path.join(TB_HEAD, file), path.join(folder, file));
    const digest = (file: string) => sha256(readFileSync(path.join(folder, file)));
    const dims = { cls: [1, 768], patches: [1, 64, 768], txrv: [1, 1042] };
    const golden = (of: readonly number[]) => ({ file: 'golden.gz', stored: 'float32', dims: of });
    const fedBy = (feed: string, tensor: string) => ({
      ...{ tensor, role: 'fed', feed, what: { from: 'features', tensor: `${tensor}_out`, as: 'rows' } },
    });
    writeFileSync(
      path.join(folder, 'manifest.json'),
      JSON.stringify({
        ...{ schema: 2, id: 'tb-sequelae', name: 'Sequelae', version: '1.0.0', vendor: 'Public', clinicalUse: 'none' },
        ...{ modelFile: 'sequelae_head.onnx', modelDigest: digest('sequelae_head.onnx'), intendedUse: 'Tests.' },
        externalData: [{ file: 'sequelae_head.onnx.data', digest: digest('sequelae_head.onnx.data') }],
        ...{ permittedUses: ['flag'], appliesTo: { modalities: ['CT'] }, seriesRanking: {} },
        feeds: [
          { id: 'dino', model: 'rad-dino' },
          { id: 'txrv', model: 'txrv-densenet' },
        ],
        preprocessing: { source: { arrangement: 'images' }, sampling: { kind: 'slices' } },
        inputs: [fedBy('dino', 'cls'), fedBy('dino', 'patches'), fedBy('txrv', 'txrv')],
        outputs: [
          {
            ...{ tensor: 's_inactive', role: 'classes', classes: ['inactive'], activation: 'sigmoid' },
            calibration: { kind: 'temperature', temperature: 1.131 },
          },
        ],
        labels: [label('inactive')],
        ...{ replayTolerance: { absolute: 0, relative: 0 }, toleranceMs: 1000, budgetMs: 1000, memoryMb: 100 },
        goldenCases: [
          {
            name: 'none',
            inputs: Object.fromEntries(Object.entries(dims).map(([tensor, of]) => [tensor, golden(of)])),
            expected: { s_inactive: { min: 0 } },
          },
        ],
      }),
    );
    const opened = await openModelPackage(folder, { provider: 'cpu', threads: 1 });
    if (!opened.ok) throw new Error(JSON.stringify(opened.error));
    const { manifest, session } = opened.value;
    // Whatever numbers: small ones that are all different.
    const numbers = Object.fromEntries(
      Object.entries(dims).map(([tensor, of], which) => {
        const count = of.reduce((product, size) => product * size, 1);
        return [tensor, Float32Array.from({ length: count }, (_, at) => Math.sin(at * 0.37 + which))];
      }),
    );
    const features = (...tensors: (keyof typeof dims)[]) => ({
      scores: [],
      features: new Map(
        tensors.map((tensor) => [
          `${tensor}_out`,
          { dims: dims[tensor], values: numbers[tensor] ?? new Float32Array() },
        ]),
      ),
    });
    const objects = openTestObjects();
    const [frame] = ballHead({ bleedMm: 0, slices: 1, matrix: 8 });
    if (frame === undefined) throw new Error('no frame');
    const timer = timeStages();
    const tools = {
      ...{ objects: openObjectReader(objects.objectsDir, objects.keys), timer },
      ...{ stopping: () => null, holds: () => undefined },
    };
    const instances = await objects.put([sliceRecord(frame)]);
    const series = await prepareSeries(tools, { rule: prepareRule(manifest), instances });
    if (!series.ok) throw new Error(series.error.code);
    const { signal } = new AbortController();
    const fed = new Map([
      ['dino', features('cls', 'patches')],
      ['txrv', features('txrv')],
    ]);
    const setting = { model: opened.value, outboxDir: objects.outboxDir, signal };
    const answer = await runFrames(setting, { ...series.value, fed }, timer.lap);
    const given = await session.run(
      Object.fromEntries(
        Object.entries(dims).map(([tensor, of]) => [
          tensor,
          makeTensor('float32', of, numbers[tensor] ?? new Float32Array()),
        ]),
      ),
    );
    await session.close();
    const logit = numbersOf(given.get('s_inactive') ?? makeTensor('float32', [0], []))[0] ?? Number.NaN;
    expect(answer.ok && answer.value.outputs[0]?.value).toBeCloseTo(1 / (1 + Math.exp(-logit / 1.131)), 6);
  },
);
