import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Graph, startGraph, type Value } from '../../../../../scripts/onnx/graph.ts';
import type { DicomRecord } from '../../dicom/dataset/write-dataset.ts';
import { maskFileName } from './outbox.ts';
import { type Described, label, runModel as runOn } from './test-models.ts';
import { ballHead, type PlacedFrame, sliceRecord } from './test-series.ts';

/** Small models of every shape that a manifest can describe, run on a head with a ball of 70 HU that the skull and brain are not. */
const HEAD = ballHead({ bleedMm: 14 });
const SIZE = 128;

/** Runs a model on the head, or on what is given. */
async function runModel(
  build: (graph: Graph) => void,
  described: Described,
  records: readonly DicomRecord[] = HEAD.map(sliceRecord),
  signal?: AbortSignal,
) {
  return runOn(encode(build), described, records, signal);
}

function encode(build: (graph: Graph) => void): Uint8Array {
  const graph = startGraph('test');
  build(graph);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}

async function answerOf(...args: Parameters<typeof runModel>) {
  const { result, outboxDir } = await runModel(...args);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return { ...result.value, outboxDir };
}

/** 1 where a value is that of the ball. */
function isBall(graph: Graph, values: Value): Value {
  const above = graph.add('Greater', [values, graph.floats(60)]);
  return graph.add('Cast', [graph.add('And', [above, graph.add('Less', [values, graph.floats(80)])])], { to: 1 });
}

/** What a source frame shows of the ball: its pixels, and the edges of the box around them. */
function ballOn({ values }: PlacedFrame) {
  const pixels = [...values.keys()].filter((pixel) => values[pixel] === 70);
  const rows = pixels.map((pixel) => Math.floor(pixel / SIZE));
  const columns = pixels.map((pixel) => pixel % SIZE);
  const box = {
    left: Math.min(...columns),
    top: Math.min(...rows),
    right: Math.max(...columns) + 1,
    bottom: Math.max(...rows) + 1,
  };
  return { pixels, box };
}
const SHOWN = HEAD.filter((frame) => ballOn(frame).pixels.length > 0);
const BALL_PIXELS = HEAD.reduce((sum, frame) => sum + ballOn(frame).pixels.length, 0);

const volume = { arrangement: 'volume' } as const;

describe('detectors', () => {
  /** A box a slice around what is as bright as the ball, whatever the type and layout of the input. */
  function detector(graph: Graph): void {
    const image = graph.input('image', 'float16', ['N', SIZE, SIZE, 1]);
    const ball = isBall(graph, graph.add('Cast', [image], { to: 1 }));
    const count = Array.from({ length: SIZE }, (_, index) => index);
    const along = (axis: 'row' | 'column', values: readonly number[]) => {
      const shape = axis === 'row' ? [1, SIZE, 1, 1] : [1, 1, SIZE, 1];
      const weighed = graph.add('Mul', [ball, graph.add('Reshape', [graph.floats(values), graph.ints(shape)])]);
      return graph.add('ReduceMax', [weighed], { axes: [1, 2, 3], keepdims: 0 });
    };
    const last = (axis: 'row' | 'column') =>
      along(
        axis,
        count.map((index) => index + 1),
      );
    const first = (axis: 'row' | 'column') =>
      graph.add('Sub', [
        graph.floats(SIZE),
        along(
          axis,
          count.map((index) => SIZE - index),
        ),
      ]);
    const pixels = graph.add('ReduceSum', [ball, graph.ints([1, 2, 3])], { keepdims: 0 });
    const score = graph.add('Div', [pixels, graph.floats(1000)]);
    const columns = [first('column'), first('row'), last('column'), last('row'), score].map((value) =>
      graph.add('Reshape', [value, graph.ints([-1, 1, 1])]),
    );
    graph.output('boxes', graph.add('Concat', columns, { axis: 2 }), 'float32', ['N', 1, 5]);
  }

  test('one that takes half floats, channels last, in batches: a box on each slice, joined to one thing in the volume', async () => {
    const answer = await answerOf(detector, {
      preprocessing: { source: volume, sampling: { kind: 'slices', batch: 4 } },
      inputs: [{ tensor: 'image', role: 'image', layout: 'NHWC', type: 'float16' }],
      outputs: [
        {
          ...{ tensor: 'boxes', role: 'boxes', format: 'corners', axes: 'xy', classes: ['ball'], minScore: 0.01 },
          ...{ score: { from: 'column', column: 4 }, overlapAtMost: 0.3 },
        },
      ],
      labels: [label('ball', { score: 'best-box', flagFrom: 0.1 })],
    });
    expect(answer.boxLabels).toMatchObject([{ label: 'ball', count: 1 }]);
    const [box] = answer.boxes;
    expect(box?.frames).toEqual(SHOWN.map((frame) => ({ sopUid: frame.sopUid, frameNumber: 1, ...ballOn(frame).box })));
    const most = Math.max(...SHOWN.map((frame) => ballOn(frame).pixels.length));
    expect(box?.score).toBeCloseTo(most / 1000, 6);
    expect(ballOn(HEAD.find(({ sopUid }) => sopUid === box?.key.sopUid) as PlacedFrame).pixels).toHaveLength(most);
    const [x = 0, y = 0, z = 0] = box?.key.centreMm ?? [];
    expect(Math.hypot(x - 25, y, z)).toBeLessThan(1);
    expect(Math.abs((box?.diameterMm ?? 0) - 28)).toBeLessThan(2);
  });

  test('on images without a place, of two sizes: each box on its own image, in shares, and nothing joined', async () => {
    // Twice the same share of the image, top left of 40 × 20 and of 80 × 60.
    const images = [
      { rows: 40, columns: 20 },
      { rows: 80, columns: 60 },
      { rows: 40, columns: 20 },
    ].map(({ rows, columns }, index): DicomRecord => {
      const {
        ImagePositionPatient: _p,
        ImageOrientationPatient: _o,
        PixelSpacing: _s,
        ...record
      } = sliceRecord(HEAD[0] as PlacedFrame);
      return {
        ...{ ...record, SOPInstanceUID: `2.25.77.${index}`, InstanceNumber: index + 1, Rows: rows, Columns: columns },
        PixelData: new Int16Array(rows * columns).fill(1024),
      };
    });
    const answer = await answerOf(
      (graph) => {
        const image = graph.input('image', 'float32', [1, 1, 64, 64]);
        const nothing = graph.add('Mul', [
          graph.add('ReduceMean', [image], { axes: [1, 2, 3], keepdims: 0 }),
          graph.floats(0),
        ]);
        const box = graph.add('Reshape', [graph.floats([0.25, 0.25, 0.5, 0.25, 0.9]), graph.ints([1, 1, 5])]);
        graph.output(
          'boxes',
          graph.add('Add', [box, graph.add('Reshape', [nothing, graph.ints([1, 1, 1])])]),
          'float32',
          [1, 1, 5],
        );
      },
      {
        preprocessing: {
          source: { arrangement: 'images' },
          steps: [{ do: 'resize', to: [null, 64, 64], interpolation: 'linear' }],
          sampling: { kind: 'slices' },
        },
        inputs: [{ tensor: 'image', role: 'image', layout: 'NCHW' }],
        outputs: [
          {
            ...{ tensor: 'boxes', role: 'boxes', format: 'centre-size', axes: 'xy', unit: 'share', classes: ['spot'] },
            ...{ score: { from: 'column', column: 4 }, minScore: 0.5 },
          },
        ],
        labels: [label('spot', { score: 'boxes', flagFrom: 1 })],
      },
      images,
    );
    const byImage = new Map(answer.boxes.flatMap(({ frames }) => frames).map(({ sopUid, ...box }) => [sopUid, box]));
    expect(byImage.size).toBe(3);
    expect(byImage.get('2.25.77.0')).toEqual({ frameNumber: 1, left: 0, top: 5, right: 10, bottom: 15 });
    expect(byImage.get('2.25.77.1')).toEqual({ frameNumber: 1, left: 0, top: 10, right: 30, bottom: 30 });
    expect(answer.geometry).toMatchObject({ arrangement: 'images', slices: 3, stacks: 2, grid: { samples: 3 } });
    expect(answer.boxes.every(({ sizeMm, key }) => sizeMm.every((mm) => mm === null) && key.centreMm === null)).toBe(
      true,
    );
  });
});

describe('classes and numbers', () => {
  test('a score for every slice of a volume: the study has the highest, and its slice is the key image', async () => {
    const answer = await answerOf(
      (graph) => {
        const scan = graph.input('scan', 'float32', [1, 'D', SIZE, SIZE, 1]);
        const share = graph.add('ReduceSum', [isBall(graph, scan), graph.ints([0, 2, 3, 4])], { keepdims: 0 });
        const logit = graph.add('Sub', [graph.add('Div', [share, graph.floats(50)]), graph.floats(2)]);
        graph.output('logits', graph.add('Reshape', [logit, graph.ints([-1, 1])]), 'float32', ['D', 1]);
      },
      {
        preprocessing: {
          source: volume,
          steps: [{ do: 'orient', towards: ['I', 'P', 'L'] }],
          sampling: { kind: 'volume' },
        },
        inputs: [{ tensor: 'scan', role: 'image', layout: 'NDHWC' }],
        outputs: [{ tensor: 'logits', role: 'classes', per: 'slice', classes: ['ball'], activation: 'sigmoid' }],
        labels: [label('ball')],
      },
    );
    const expected = HEAD.map((frame) => 1 / (1 + Math.exp(2 - ballOn(frame).pixels.length / 50))).toReversed();
    const [profile] = answer.profiles;
    expect(profile?.frames.map(({ sopUid }) => sopUid)).toEqual(HEAD.map(({ sopUid }) => sopUid).toReversed());
    expect(profile?.labels[0]?.scores.map((score) => score.toFixed(5))).toEqual(
      expected.map((score) => score.toFixed(5)),
    );
    expect(answer.outputs[0]?.value).toBeCloseTo(Math.max(...expected), 5);
    expect(answer.outputs[0]?.key?.sopUid).toBe(HEAD.toReversed()[expected.indexOf(Math.max(...expected))]?.sopUid);
  });

  test('each slice with its neighbours as channels, the first and last of which are repeated or left out', async () => {
    const described = (edges: 'repeat' | 'leave-out'): Described => ({
      preprocessing: { source: volume, sampling: { kind: 'slabs', slices: 3, edges, batch: 5 } },
      inputs: [{ tensor: 'slab', role: 'image', layout: 'NCHW' }],
      outputs: [{ tensor: 'p', role: 'classes', classes: ['below', 'here', 'above'], aggregate: { how: 'mean' } }],
      labels: [label('below'), label('here'), label('above')],
    });
    const shares = (graph: Graph) => {
      const ball = isBall(graph, graph.input('slab', 'float32', ['N', 3, SIZE, SIZE]));
      graph.output('p', graph.add('ReduceMean', [ball], { axes: [2, 3], keepdims: 0 }), 'float32', ['N', 3]);
    };
    const repeated = await answerOf(shares, described('repeat'));
    const share = BALL_PIXELS / (SIZE * SIZE) / HEAD.length;
    for (const { value } of repeated.outputs) expect(value).toBeCloseTo(share, 7);
    const [profile] = repeated.profiles;
    const of = (name: string) => profile?.labels.find((one) => one.label === name)?.scores ?? [];
    expect(of('below').slice(1)).toEqual(of('here').slice(0, -1));
    expect(of('above').slice(0, -1)).toEqual(of('here').slice(1));
    expect((await answerOf(shares, described('leave-out'))).profiles[0]?.frames).toHaveLength(HEAD.length - 2);
    const wide = described('leave-out');
    const few = {
      ...wide,
      preprocessing: { source: volume, sampling: { kind: 'slabs', slices: 31, edges: 'leave-out' } },
    };
    const wideShares = (graph: Graph) => {
      const ball = isBall(graph, graph.input('slab', 'float32', ['N', 31, SIZE, SIZE]));
      const three = graph.add('Slice', [ball, graph.ints([0]), graph.ints([3]), graph.ints([1])]);
      graph.output('p', graph.add('ReduceMean', [three], { axes: [2, 3], keepdims: 0 }), 'float32', ['N', 3]);
    };
    // Too few slices for one slab: nothing is computed, and that is no score of 0.
    expect((await runModel(wideShares, few as Described)).result).toEqual({
      ok: false,
      error: { code: 'too-few-slices' },
    });
  });

  test('a number of a person of known age and sex, and no number of one who is not', async () => {
    const described: Described = {
      preprocessing: { source: volume, sampling: { kind: 'volume' } },
      inputs: [
        { tensor: 'scan', role: 'image', layout: 'NCDHW' },
        {
          ...{ tensor: 'person', role: 'vector' },
          values: [
            { of: 'sex', codes: { M: 1, F: 0 } },
            { of: 'age-years', multiply: 0.1 },
          ],
        },
        { tensor: 'spacing', role: 'spacing', order: 'columns-first' },
      ],
      outputs: [
        {
          ...{
            tensor: 'n',
            role: 'number',
            label: 'score',
            multiply: 10,
            add: 1,
            unit: '1',
            range: { min: 0, max: 1000 },
          },
          quantity: { value: '2', scheme: '99TEST', meaning: 'Sum' },
        },
      ],
      labels: [label('score', { score: 'number', flagFrom: 30 })],
    };
    const sum = (graph: Graph) => {
      const scan = graph.input('scan', 'float32', [1, 1, 'D', SIZE, SIZE]);
      const person = graph.input('person', 'float32', [1, 2]);
      const spacing = graph.input('spacing', 'float32', [3]);
      const nothing = graph.add('Mul', [graph.add('ReduceMean', [scan], { keepdims: 0 }), graph.floats(0)]);
      const all = graph.add('Add', [
        graph.add('ReduceSum', [person], { keepdims: 0 }),
        graph.add('Gather', [spacing, graph.ints([2])]),
      ]);
      graph.output('n', graph.add('Add', [all, nothing]), 'float32', [1]);
    };
    const known = HEAD.map((frame) => ({ ...sliceRecord(frame), PatientSex: 'M', PatientAge: '045Y' }));
    const answer = await answerOf(sum, described, known);
    // 1 for M, a tenth of 45 years, 5 mm between slices; then 10 times that and 1.
    expect(answer.outputs).toMatchObject([
      { role: 'measurement', label: 'score', value: expect.closeTo(106, 4), unit: '1', key: null },
    ]);
    const { result } = await runModel(sum, described);
    expect(result).toEqual({ ok: false, error: { code: 'scalar-missing' } });
  });
});

describe('cells', () => {
  const two = { classes: [null, 'ball'], labels: [label('ball', { score: 'volume-ml', flagFrom: 5 })] };
  /** Two channels, background and ball, channels last. */
  function segmenter(graph: Graph, shape: readonly (number | string)[]): void {
    const ball = isBall(graph, graph.input('scan', 'float32', shape));
    const none = graph.add('Sub', [graph.floats(1), ball]);
    graph.output('cells', graph.add('Concat', [none, ball], { axis: 4 }), 'float32', [...shape.slice(0, 4), 2]);
  }
  const described = (sampling: Described['preprocessing']['sampling']): Described => ({
    preprocessing: { source: volume, sampling },
    inputs: [{ tensor: 'scan', role: 'image', layout: 'NDHWC' }],
    outputs: [{ tensor: 'cells', role: 'segmentation', layout: 'NDHWC', reading: 'argmax', classes: two.classes }],
    labels: two.labels,
  });

  test('a mask of a whole volume is that of overlapping patches, and both are the ball to the pixel', async () => {
    const whole = await answerOf((graph) => segmenter(graph, [1, 'D', SIZE, SIZE, 1]), described({ kind: 'volume' }));
    const patches = await answerOf(
      (graph) => segmenter(graph, ['N', 6, 48, 48, 1]),
      described({ kind: 'patches', size: [6, 48, 48], overlap: 0.4, batch: 3 }),
    );
    const [mask] = whole.masks;
    expect(mask?.slices.map(({ pixels }) => pixels)).toEqual(HEAD.map((frame) => ballOn(frame).pixels.length));
    expect(mask).toMatchObject({ pixels: BALL_PIXELS, cells: BALL_PIXELS, parts: 1, peak: 1 });
    const bits = gunzipSync(readFileSync(path.join(whole.outboxDir, maskFileName(mask?.digest ?? ''))));
    for (const [index, frame] of HEAD.entries())
      for (const pixel of ballOn(frame).pixels) {
        const bit = index * SIZE * SIZE + pixel;
        expect(((bits[bit >> 3] as number) >> (bit & 7)) & 1).toBe(1);
      }
    expect(patches.masks[0]?.digest).toBe(mask?.digest);
    expect(patches.geometry.grid.samples).toBe(4 * 4 * 4);
    expect(Math.abs((mask?.volumeMl ?? 0) - (4 / 3) * Math.PI * 1.4 ** 3)).toBeLessThan(1);
  });

  test('class numbers on a coarser grid, small parts left out', async () => {
    const answer = await answerOf(
      (graph) => {
        const scan = graph.input('scan', 'float32', ['N', 1, SIZE, SIZE]);
        const bone = graph.add('Cast', [graph.add('Greater', [scan, graph.floats(300)])], { to: 1 });
        const pool = (of: Value) => graph.add('MaxPool', [of], { kernel_shape: [4, 4], strides: [4, 4] });
        const classes = graph.add('Max', [pool(isBall(graph, scan)), graph.add('Mul', [pool(bone), graph.floats(2)])]);
        graph.output('numbers', graph.add('Cast', [classes], { to: 7 }), 'int64', ['N', 1, SIZE / 4, SIZE / 4]);
      },
      {
        preprocessing: { source: volume, sampling: { kind: 'slices', batch: 14 } },
        inputs: [{ tensor: 'scan', role: 'image', layout: 'NCHW' }],
        outputs: [
          {
            ...{ tensor: 'numbers', role: 'segmentation', layout: 'NCHW', reading: 'values' },
            ...{ classes: [null, 'ball', 'bone'], parts: { minMl: 100 } },
          },
        ],
        labels: [label('ball', { score: 'cells', flagFrom: 1 }), label('bone', { score: 'volume-ml', flagFrom: 1 })],
      },
    );
    const [ball, bone] = answer.masks;
    // The ball is of 12 mL, and parts below 100 are left out; the skull is one part.
    expect(ball).toMatchObject({ label: 'ball', pixels: 0, parts: 0, cells: 0, largest: null });
    expect(bone).toMatchObject({ label: 'bone', parts: 1, peak: 1 });
    expect((bone?.pixels ?? 0) % 16).toBe(0);
  });

  test('a heatmap, coarser by four, is hottest on the ball', async () => {
    const answer = await answerOf(
      (graph) => {
        const ball = isBall(graph, graph.input('image', 'float32', ['N', 1, SIZE, SIZE]));
        graph.output('heat', graph.add('AveragePool', [ball], { kernel_shape: [4, 4], strides: [4, 4] }), 'float32', [
          'N',
          1,
          SIZE / 4,
          SIZE / 4,
        ]);
        graph.output('p', graph.add('ReduceMax', [ball], { axes: [1, 2, 3], keepdims: 0 }), 'float32', ['N']);
      },
      {
        preprocessing: { source: volume, sampling: { kind: 'slices', batch: 3 } },
        inputs: [{ tensor: 'image', role: 'image', layout: 'NCHW' }],
        outputs: [
          { tensor: 'p', role: 'classes', classes: ['ball'], aggregate: { how: 'any' } },
          { tensor: 'heat', role: 'heatmap', layout: 'NCHW', classes: ['ball'] },
        ],
        labels: [label('ball')],
      },
    );
    const [heat] = answer.heatmaps;
    expect(heat).toMatchObject({ rows: SIZE, columns: SIZE, low: 0, high: 1 });
    const bytes = gunzipSync(readFileSync(path.join(answer.outboxDir, maskFileName(heat?.digest ?? ''))));
    const most = HEAD.findIndex(({ sopUid }) => sopUid === SHOWN[Math.floor(SHOWN.length / 2)]?.sopUid);
    const at = (index: number, row: number, column: number) => bytes[(index * SIZE + row) * SIZE + column];
    const middle = Math.round((25 + 112) / 1.75 - 0.5);
    expect([at(most, 64, middle), at(most, 64, 20), at(0, 64, middle)]).toEqual([255, 0, 0]);
    expect(answer.outputs).toMatchObject([{ label: 'ball', value: 1 }]);
  });

  test('one bad cell in one of many patches is no answer at all, and names its tensor', async () => {
    const { result } = await runModel(
      (graph) => {
        const scan = graph.input('scan', 'float32', ['N', 6, 48, 48, 1]);
        // Not a number where the ball is, and nowhere else.
        const broken = graph.add('Log', [graph.add('Sub', [graph.floats(0.5), isBall(graph, scan)])]);
        graph.output('cells', graph.add('Concat', [broken, broken], { axis: 4 }), 'float32', ['N', 6, 48, 48, 2]);
      },
      described({ kind: 'patches', size: [6, 48, 48], batch: 1 }),
    );
    expect(result).toEqual({ ok: false, error: { code: 'bad-output', tensor: 'cells', why: 'not-finite' } });
  });

  test('a run that is called off stops before its next sample', async () => {
    // Before each object and each frame, and before the grid is made.
    const BEFORE = 2 * HEAD.length + 1;
    let looks = 0;
    const signal = {
      get aborted() {
        looks += 1;
        return looks > BEFORE + 3; // then once a batch: in the middle of the samples
      },
    } as AbortSignal;
    const patches = described({ kind: 'patches', size: [2, 16, 16], overlap: 0.8, batch: 1 });
    const running = runModel((graph) => segmenter(graph, ['N', 2, 16, 16, 1]), patches, HEAD.map(sliceRecord), signal);
    expect((await running).result).toEqual({ ok: false, error: { code: 'cancelled' } });
    expect(looks).toBe(BEFORE + 4);
  });
});
