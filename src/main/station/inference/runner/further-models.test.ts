import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Graph, startGraph } from '../../../../../scripts/onnx/graph.ts';
import { RunId } from '../../../../shared/domain/ids.ts';
import type { DicomRecord } from '../../dicom/dataset/write-dataset.ts';
import { maskFileName } from './outbox.ts';
import { answerOf as answerOn, type Described, label, runModel as runOn } from './test-models.ts';
import { ballHead, sliceRecord, testRunId } from './test-series.ts';

/** Models of shapes beyond one series and one answer: several series, clips, mirrors, landmarks, distributions, quantised tensors. */
const SIZE = 32;
const HEAD = ballHead({ bleedMm: 0, slices: 6, matrix: SIZE }).map((frame) => ({
  ...frame,
  values: new Int16Array(SIZE * SIZE),
}));
/** The head with single pixels set: slice, row, column, value. */
const withPixels = (...pixels: readonly (readonly [number, number, number, number])[]) =>
  HEAD.map((frame, index) => {
    const values = Int16Array.from(frame.values);
    for (const [slice, row, column, value] of pixels) if (slice === index) values[row * SIZE + column] = value;
    return sliceRecord({ ...frame, values });
  });
function encode(build: (graph: Graph) => void): Uint8Array {
  const graph = startGraph('test');
  build(graph);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}

type Rest = Parameters<typeof runOn> extends [unknown, unknown, ...infer Others] ? Others : never;
/** What is written is read by the manifest's own schema before anything runs. */
const runModel = (build: (graph: Graph) => void, described: object, ...rest: Rest) =>
  runOn(encode(build), described as Described, ...rest);
const answerOf = (build: (graph: Graph) => void, described: object, ...rest: Rest) =>
  answerOn(encode(build), described as Described, ...rest);

const image = { tensor: 'image', role: 'image', layout: 'NCDHW' } as const;
const quantity = { value: '121206', scheme: 'DCM', meaning: 'Distance' };
const number = (more: object = {}) =>
  ({
    tensor: 'y',
    role: 'number',
    label: 'size',
    quantity,
    unit: 'mm',
    range: { min: -1e6, max: 1e6 },
    ...more,
  }) as const;
const sizeLabel = label('size', { score: 'number', flagFrom: null });

/** Rows of frames: mean of each, as the model says it. */
function meanOf(graph: Graph, dims: readonly (number | string)[], axes: readonly number[]): void {
  const given = graph.input('image', 'float32', dims);
  graph.output('y', graph.add('ReduceMean', [given], { axes: [...axes], keepdims: 0 }), 'float32', ['N']);
}

describe('landmarks', () => {
  const steps = [
    { do: 'flip', axes: ['slices', 'rows'] },
    { do: 'transpose' },
    { do: 'crop-to-content', above: -1, margin: 0, axes: ['columns'] },
    { do: 'resize', to: [null, 64, null], interpolation: 'nearest' },
  ] as const;
  const points = (measures: readonly object[]) => ({
    preprocessing: { source: { arrangement: 'volume' }, steps: [...steps], sampling: { kind: 'volume' } },
    inputs: [image],
    outputs: [
      {
        ...{ tensor: 'heat', role: 'points', classes: ['bright', 'dark', null], minScore: 100, measures },
        where: { from: 'heatmap', layout: 'NCDHW' },
      },
    ],
    labels: [
      label('bright', { score: 'best-box', flagFrom: null }),
      label('dark', { score: 'best-box', flagFrom: null }),
      label('size', { score: 'number', flagFrom: null }),
    ],
  });
  const bright = [4, 9, 20, 600] as const;
  const dark = [1, 25, 7, -700] as const;
  const build = (graph: Graph) => {
    const given = graph.input('image', 'float32', [1, 1, 'D', 'H', 'W']);
    const turned = graph.add('Neg', [given]);
    graph.output('heat', graph.add('Concat', [given, turned, given], { axis: 1 }), 'float32', [1, 3, 'D', 'H', 'W']);
  };
  const measure = { label: 'size', what: 'distance-mm', of: ['bright', 'dark'], quantity, range: { min: 0, max: 500 } };

  test('lie on the pixels where they are, through flips, crops and resizing, and are measured in the patient', async () => {
    const answer = await answerOf(build, points([measure]), withPixels(bright, dark));
    for (const [name, [slice, row, column, value]] of Object.entries({ bright, dark })) {
      const [found] = answer.boxes.filter((box) => box.label === name);
      const frame = HEAD[slice];
      expect(found).toMatchObject({ score: Math.abs(value), key: { sopUid: frame?.sopUid } });
      const [rectangle] = found?.frames ?? [];
      expect([rectangle?.top, rectangle?.bottom]).toEqual([row, row + 1]);
      // Half of a resized cell to either side of the middle of one: a pixel is two cells of it.
      expect(Math.abs(((rectangle?.left ?? 0) + (rectangle?.right ?? 0)) / 2 - (column + 0.5))).toBeLessThanOrEqual(
        0.5,
      );
    }
    const mm = HEAD[0]?.pixelMm[0] ?? 0;
    const expected = Math.hypot((25 - 9) * mm, (20 - 7) * mm, 3 * 5);
    const [told] = answer.outputs;
    expect(told).toMatchObject({ label: 'size', role: 'measurement', unit: 'mm' });
    expect(Math.abs((told?.value ?? 0) - expected)).toBeLessThan(mm);
  });

  test('that are not found are not told, and what is measured between them neither', async () => {
    const answer = await answerOf(build, points([measure]), withPixels(bright));
    expect(answer.boxes.map((box) => box.label)).toEqual(['bright']);
    expect(answer.outputs).toEqual([]);
  });

  test('a distance out of its range makes the answer void', async () => {
    const { result } = await runModel(
      build,
      points([{ ...measure, range: { min: 0, max: 1 } }]),
      withPixels(bright, dark),
    );
    expect(result).toEqual({ ok: false, error: { code: 'bad-output', tensor: 'heat', why: 'out-of-range' } });
  });
});

test('frames of a loop are given as clips, none of them across two objects', async () => {
  const loop = (sopUid: string, values: readonly number[]): DicomRecord => ({
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1', SOPInstanceUID: sopUid, StudyInstanceUID: '2.25.1' },
    ...{ SeriesInstanceUID: '2.25.2', Modality: 'US', InstanceNumber: values[0] ?? 0, NumberOfFrames: values.length },
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: 2, Columns: 2 },
    ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
    PixelData: Uint8Array.from(values.flatMap((value) => [value, value, value, value])),
  });
  const described = {
    preprocessing: {
      source: { arrangement: 'images', values: 'stored' },
      sampling: { kind: 'clips', frames: 3, every: 2, step: 2, batch: 2 },
    },
    inputs: [image],
    outputs: [number({ aggregate: { how: 'median' } })],
    labels: [sizeLabel],
  } as const;
  const records = [loop('2.25.50', [10, 20, 30, 40, 50, 60, 70]), loop('2.25.51', [100, 110])];
  const answer = await answerOf((graph) => meanOf(graph, ['N', 1, 3, 2, 2], [1, 2, 3, 4]), described, records);
  // Clips of frames 0 2 4, then 2 4 6; of the second object 0 and its last one again.
  expect(answer.profiles[0]?.labels[0]?.scores).toEqual([30, 50, (100 + 110 + 110) / 3].map(Math.fround));
  expect(answer.outputs[0]?.value).toBe(50);
});

test('frames of a loop are cropped to what all of them show, and stay one clip', async () => {
  const frames = 4;
  const pixels = Uint8Array.from({ length: frames * 36 }, (_, at) => {
    const [frame, row, column] = [Math.floor(at / 36), Math.floor((at % 36) / 6), at % 6];
    // Content wanders: each frame shows one pixel of it, in the middle four by two.
    return (row === 2 || row === 3) && column === 1 + frame ? 10 * (frame + 1) : 0;
  });
  const loop: DicomRecord = {
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1', SOPInstanceUID: '2.25.52', StudyInstanceUID: '2.25.1' },
    ...{ SeriesInstanceUID: '2.25.2', Modality: 'US', InstanceNumber: 1, NumberOfFrames: frames },
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: 6, Columns: 6 },
    ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0, PixelData: pixels },
  };
  const described = {
    preprocessing: {
      source: { arrangement: 'images', values: 'stored' },
      steps: [{ do: 'crop-to-content' }],
      sampling: { kind: 'clips', frames: 4 },
    },
    inputs: [image],
    outputs: [number()],
    labels: [sizeLabel],
  } as const;
  const answer = await answerOf((graph) => meanOf(graph, ['N', 1, 4, 2, 4], [1, 2, 3, 4]), described, [loop]);
  expect([answer.geometry.grid.samples, answer.outputs[0]?.value]).toEqual([1, (2 * (10 + 20 + 30 + 40)) / 32]);
});

test('a model that takes four samples and no other number is given the last one again, which counts once', async () => {
  const values = [1, 2, 3, 4, 5, 6];
  const records = HEAD.map((frame, index) =>
    sliceRecord({ ...frame, values: frame.values.map(() => values[index] as number) }),
  );
  const described = {
    preprocessing: { source: { arrangement: 'volume' }, sampling: { kind: 'slices', batch: 4, batchIs: 'exactly' } },
    inputs: [{ ...image, layout: 'NCHW' }],
    outputs: [number({ aggregate: { how: 'mean' } })],
    labels: [sizeLabel],
  } as const;
  const answer = await answerOf((graph) => meanOf(graph, [4, 1, SIZE, SIZE], [1, 2, 3]), described, records);
  expect(answer.profiles[0]?.labels[0]?.scores).toEqual(values);
  expect(answer.outputs[0]?.value).toBe(3.5);
});

test('mirrored samples are averaged with the plain one, and cells go back to where they were', async () => {
  const described = {
    preprocessing: {
      ...{ source: { arrangement: 'volume' }, sampling: { kind: 'slices' } },
      mirrors: [['columns'], ['rows', 'columns']],
    },
    inputs: [{ ...image, layout: 'NCHW' }],
    outputs: [
      { tensor: 'cells', role: 'segmentation', layout: 'NCHW', classes: ['spot'], threshold: 300 },
      { ...number({ aggregate: { how: 'max' } }), tensor: 'left' },
    ],
    labels: [label('spot', { score: 'cells', flagFrom: 1 }), sizeLabel],
  } as const;
  const build = (graph: Graph) => {
    const given = graph.input('image', 'float32', ['N', 1, SIZE, SIZE]);
    graph.output('cells', graph.add('Identity', [given]), 'float32', ['N', 1, SIZE, SIZE]);
    const weights = graph.add('Reshape', [
      graph.floats(Array.from({ length: SIZE }, (_, column) => column)),
      graph.ints([1, 1, 1, SIZE]),
    ]);
    const weighed = graph.add('Mul', [given, weights]);
    const sum = graph.add('ReduceSum', [weighed, graph.ints([1, 2, 3])], { keepdims: 0 });
    graph.output('left', sum, 'float32', ['N']);
  };
  const answer = await answerOf(build, described, withPixels([2, 5, 3, 600]));
  const [mask] = answer.masks;
  expect(mask?.pixels).toBe(1);
  const bits = gunzipSync(readFileSync(path.join(answer.outboxDir, maskFileName(mask?.digest ?? ''))));
  const at = (2 * SIZE + 5) * SIZE + 3;
  expect(((bits[at >> 3] as number) >> (at & 7)) & 1).toBe(1);
  expect(answer.outputs[0]?.value).toBeCloseTo((600 * (3 + 28 + 28)) / 3, 3);
});

test('quantised tensors are given and read as the numbers that they stand for', async () => {
  const records = HEAD.map((frame) => sliceRecord({ ...frame, values: frame.values.map(() => 37) }));
  const described = {
    preprocessing: { source: { arrangement: 'volume' }, sampling: { kind: 'slices' } },
    inputs: [{ ...image, layout: 'NHWC', type: 'uint8' }],
    outputs: [number({ aggregate: { how: 'max' } })],
    labels: [sizeLabel],
    quantised: [
      { tensor: 'image', scale: 0.5, zeroPoint: 3 },
      { tensor: 'y', scale: 0.25, zeroPoint: 7 },
    ],
  } as const;
  const build = (graph: Graph) => {
    const given = graph.input('image', 'uint8', ['N', SIZE, SIZE, 1]);
    const largest = graph.add('ReduceMax', [graph.add('Cast', [given], { to: 1 })], { axes: [1, 2, 3], keepdims: 0 });
    graph.output('y', graph.add('Cast', [largest], { to: 2 }), 'uint8', ['N']);
  };
  // 37 stands as 37 / 0.5 + 3 = 77, which the model gives back, and which as its output stands for (77 − 7) · 0.25.
  expect((await answerOf(build, described, records)).outputs[0]?.value).toBe(17.5);
});

describe('several series', () => {
  const other = (value: number, uid = '2.25.3') =>
    HEAD.map((frame, index) => {
      const place = { ...frame.place, frameOfReferenceUid: uid };
      return sliceRecord({ ...frame, place, sopUid: `2.25.77${index}`, values: frame.values.map(() => value) });
    });
  const otherSeries = [{ id: 't2', appliesTo: { modalities: ['CT'] } }];
  const records = HEAD.map((frame) => sliceRecord({ ...frame, values: frame.values.map(() => 5) }));
  const sum = (graph: Graph, dims: readonly (number | string)[], more: readonly (number | string)[] | null) => {
    const given = graph.input('image', 'float32', dims);
    const mean = graph.add('ReduceMean', [given], { axes: [1, 2, 3, 4], keepdims: 0 });
    const beside = more === null ? null : graph.input('beside', 'float32', more);
    const both =
      beside === null
        ? mean
        : graph.add('Add', [mean, graph.add('ReduceMax', [beside], { axes: [1, 2, 3, 4], keepdims: 0 })]);
    graph.output('y', both, 'float32', ['N']);
  };
  const preprocessing = { source: { arrangement: 'volume' }, sampling: { kind: 'volume' } } as const;

  test('stand as channels of one grid, each changed by itself', async () => {
    const described = {
      otherSeries,
      preprocessing: {
        ...preprocessing,
        planes: [{ from: 'series', series: 't2' }],
        channels: [[], [{ do: 'scale', multiply: 10 }]],
      },
      ...{ inputs: [image], outputs: [number()], labels: [sizeLabel] },
    } as const;
    const build = (graph: Graph) => sum(graph, [1, 2, 'D', SIZE, SIZE], null);
    const answer = await answerOf(build, described, records, undefined, { otherSeries: { t2: other(9) } });
    expect(answer.outputs[0]?.value).toBe((5 + 90) / 2);
    const apart = await runModel(build, described, records, undefined, { otherSeries: { t2: other(9, '2.25.4') } });
    expect(apart.result).toEqual({ ok: false, error: { code: 'mixed-frames-of-reference' } });
    const elsewhere = other(9).map((record, index) => ({ ...record, ImagePositionPatient: [0, 0, 900 + 5 * index] }));
    const nowhere = await runModel(build, described, records, undefined, { otherSeries: { t2: elsewhere } });
    expect(nowhere.result).toEqual({ ok: false, error: { code: 'input-mismatch' } });
  });

  test('are inputs of their own', async () => {
    const described = {
      otherSeries,
      preprocessing,
      inputs: [image, { tensor: 'beside', role: 'image', layout: 'NCDHW', series: 't2' }],
      ...{ outputs: [number()], labels: [sizeLabel] },
    } as const;
    const build = (graph: Graph) => sum(graph, [1, 1, 'D', SIZE, SIZE], [1, 1, 'D', SIZE, SIZE]);
    const answer = await answerOf(build, described, records, undefined, { otherSeries: { t2: other(9) } });
    expect(answer.outputs[0]?.value).toBe(14);
    const alone = await runModel(build, described, records);
    expect(alone.result.ok).toBe(false);
  });

  test('image by image, of which one that goes with none refuses the series: it would be left out without a word', async () => {
    const described = {
      otherSeries,
      preprocessing: { source: { arrangement: 'images' }, sampling: { kind: 'slices' } },
      inputs: [
        { ...image, layout: 'NCHW' },
        { tensor: 'beside', role: 'image', layout: 'NCHW', series: 't2' },
      ],
      ...{ outputs: [number({ aggregate: { how: 'min' } })], labels: [sizeLabel] },
    } as const;
    const build = (graph: Graph) => {
      const shape = ['N', 1, 'H', 'W'] as const;
      const both = graph.add('Add', [graph.input('image', 'float32', shape), graph.input('beside', 'float32', shape)]);
      graph.output('y', graph.add('ReduceMean', [both], { axes: [1, 2, 3], keepdims: 0 }), 'float32', ['N']);
    };
    const given = (mine: number, theirs: number) =>
      runModel(build, described, records.slice(0, mine), undefined, {
        otherSeries: { t2: other(9).slice(0, theirs) },
      });
    const even = await given(2, 2);
    expect(even.result).toMatchObject({ ok: true, value: { outputs: [{ value: 14 }] } });
    for (const [mine, theirs] of [
      [1, 2],
      [2, 1],
    ] as const)
      expect((await given(mine, theirs)).result).toEqual({ ok: false, error: { code: 'input-mismatch' } });
  });
});

test('of several images one on which another model found nothing is not judged, whatever the steps look at', async () => {
  const described = (whenNothing: 'not-applicable' | 'go-on') => ({
    feeds: [{ id: 'boxes', model: 'boxer' }],
    preprocessing: {
      source: { arrangement: 'images' },
      planes: [{ from: 'feed', feed: 'boxes', label: 'spot', what: 'boxes', whenNothing }],
      channelPlanes: [0],
      sampling: { kind: 'slices' },
    },
    inputs: [{ ...image, layout: 'NCHW' }],
    ...{ outputs: [number({ aggregate: { how: 'max' } })], labels: [sizeLabel] },
  });
  const frames = HEAD.slice(0, 3).map((frame, index) => ({
    ...frame,
    values: new Int16Array(SIZE * SIZE).fill([5, 7, 3][index] ?? 0),
  }));
  const given = (whenNothing: 'not-applicable' | 'go-on', ...found: readonly number[]) => {
    const boxes = found.map((at) => ({
      ...{ label: 'spot', score: 0.9 },
      frames: [
        { sopUid: frames[at]?.sopUid ?? '', frameNumber: 1, edges: [0, 0, 4, 4] as [number, number, number, number] },
      ],
    }));
    const fed = {
      id: 'boxes',
      runId: RunId.parse(testRunId()),
      isOfSameSeries: true,
      scores: [],
      masks: [],
      boxes,
      features: [],
    };
    const build = (graph: Graph) => meanOf(graph, ['N', 1, 'H', 'W'], [1, 2, 3]);
    return runModel(build, described(whenNothing), frames.map(sliceRecord), undefined, { fed: [fed] });
  };
  const said = async (...args: Parameters<typeof given>) => {
    const { result } = await given(...args);
    return result.ok ? result.value.outputs[0]?.value : result.error.code;
  };
  expect(await said('not-applicable', 0, 2)).toBe(5);
  expect(await said('not-applicable', 2)).toBe(3);
  expect(await said('not-applicable')).toBe('not-applicable');
  expect(await said('go-on', 2)).toBe(7);
});

test('a detector as its head gives it, in patches of columns, rows and slices: boxes are told from its anchors', async () => {
  const [columns, rows, slices] = [16, 16, 8] as const;
  const stride = [4, 4, 2];
  const described = {
    preprocessing: {
      source: { arrangement: 'volume', paddingValue: -1000 },
      sampling: { kind: 'patches', size: [slices, rows, columns], overlap: 0, batch: 2 },
    },
    inputs: [{ tensor: 'image', role: 'image', layout: 'NCWHD' }],
    outputs: [
      {
        ...{ tensor: 'offsets', role: 'boxes', format: 'centre-size', axes: 'xyz', classes: ['spot'], minScore: 0.5 },
        score: { from: 'tensor', tensor: 'logits', activation: 'sigmoid' },
        anchors: { order: 'xyz', offset: 0.5, levels: [{ stride, sizes: [stride] }] },
      },
    ],
    labels: [label('spot', { score: 'best-box' })],
  } as const;
  const answer = await answerOf(
    (graph) => {
      const given = graph.input('image', 'float32', ['N', 1, columns, rows, slices]);
      const highest = graph.add('MaxPool', [given], { kernel_shape: stride, strides: stride });
      const flat = graph.add('Reshape', [highest, graph.ints([0, -1, 1])]);
      graph.output('logits', graph.add('Sub', [flat, graph.floats(300)]), 'float32', ['N', 64, 1]);
      const none = graph.add('Mul', [flat, graph.floats([0, 0, 0, 0, 0, 0])]);
      graph.output('offsets', none, 'float32', ['N', 64, 6]);
    },
    described,
    withPixels([3, 21, 9, 600]),
  );
  expect(answer.boxes).toHaveLength(1);
  const [box] = answer.boxes;
  expect(box?.frames.map(({ sopUid, left, right, top, bottom }) => [sopUid, left, right, top, bottom])).toEqual(
    [2, 3].map((slice) => [HEAD[slice]?.sopUid, 8, 12, 20, 24]),
  );
  expect(box?.sizeMm).toEqual([10, 28, 28]);
});
