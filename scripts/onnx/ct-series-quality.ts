import { type Graph, startGraph, type Value } from './graph.ts';
import { morphology } from './morphology.ts';
import { volumeOperations } from './volume-operations.ts';

/** Rows and columns of the images that the graph takes. */
export const QUALITY_PIXELS = 256;
/** Body and its edge are looked at in half as many. */
const HALF = QUALITY_PIXELS / 2;
const BLOCK = 8;
/** Pixels that are compared lie so far apart that a smooth kernel's grain is not the same in both. */
const APART = 3;

/** From what on each thing is suspected: each gives a probability of one half. */
export type QualitySettings = {
  readonly tissueHu: number;
  /** Noise in HU: of a head or a limb, and of a trunk, which is told by its section. */
  readonly smallNoiseHu: number;
  readonly largeNoiseHu: number;
  readonly largeFromCm2: number;
  /** Which of the blocks of soft tissue, from the quietest, is the one whose noise counts. */
  readonly quietShare: number;
  readonly leastBlocks: number;
  /** How far a slice's middle lies beside the line of its neighbours, in mm. */
  readonly jumpMm: number;
  readonly steadyArea: number;
  /** What lies beyond so many times the jump that this share of slices stays below. */
  readonly usualShare: number;
  readonly usualTimes: number;
  /** Outline of the body at the edge of what was reconstructed, in mm. */
  readonly cutOffMm: number;
  /** A step between slices over the larger of those beside it. */
  readonly gapRatio: number;
};

/** The settings of the shipped model. */
export const QUALITY_SETTINGS: QualitySettings = {
  tissueHu: -300,
  smallNoiseHu: 12,
  largeNoiseHu: 45,
  largeFromCm2: 420,
  quietShare: 0.4,
  leastBlocks: 40,
  jumpMm: 1.5,
  steadyArea: 0.08,
  usualShare: 0.7,
  usualTimes: 3,
  cutOffMm: 40,
  gapRatio: 1.6,
};

/**
 * Builds the judge of a CT series' images as an ONNX graph (opset 17). Inputs: `volume` float32 [1,1,D,256,256] in HU, each pixel one
 * of the image's own; `spacing` float32 [3] in mm; `slice_extents` float32 [D] in mm. Outputs: `problems` [1,4], how likely too much
 * noise, motion, a field of view that cuts the body off, and missing slices are; `noise_hu`, `jump_mm`, `cut_off_mm` and
 * `missing_slices`, [1] each.
 */
export function buildCtSeriesQuality(settings: QualitySettings = QUALITY_SETTINGS): Uint8Array {
  const graph = startGraph('ct-series-quality');
  const volume = graph.input('volume', 'float32', [1, 1, 'D', QUALITY_PIXELS, QUALITY_PIXELS]);
  const spacing = graph.input('spacing', 'float32', [3]);
  const extents = graph.input('slice_extents', 'float32', ['D']);
  const f = graph.floats;
  // Slices stand in the channel dimension: [1, D, H, W].
  const hu = graph.add('Squeeze', [volume, graph.ints([0])]);
  const pixel = (axis: number) => graph.add('Mul', [graph.add('Gather', [spacing, graph.ints([axis])]), f(2)]);
  const [rowMm, columnMm] = [pixel(1), pixel(2)];

  const body = bodyOf(graph, settings, hu, rowMm, columnMm);
  const steps = stepsOf(graph, extents);
  const noise = noiseOf(graph, settings, hu);
  const cutOff = cutOffOf(graph, body, rowMm);
  const gaps = gapsOf(graph, settings, steps);

  const section = graph.add('ReduceMax', [body.areaCm2], { axes: [0], keepdims: 1 });
  const isLarge = graph.add('Greater', [section, f(settings.largeFromCm2)]);
  // Shoulders and breath move the middle of a trunk as much as a patient who moves.
  const jump = graph.add('Where', [isLarge, f(0), jumpOf(graph, settings, body, steps)]);
  const noiseLimit = graph.add('Where', [isLarge, f(settings.largeNoiseHu), f(settings.smallNoiseHu)]);
  const likely = (value: Value, limit: Value, steepness: number) => {
    const ratio = graph.add('Div', [graph.add('Max', [value, f(1e-3)]), limit]);
    return graph.add('Sigmoid', [graph.add('Mul', [graph.add('Log', [ratio]), f(steepness)])]);
  };
  const problems = [
    likely(noise, noiseLimit, 6),
    likely(jump, f(settings.jumpMm), 4),
    likely(cutOff, f(settings.cutOffMm), 3),
    likely(gaps.ratio, f(settings.gapRatio), 12),
  ];
  const joined = graph.add('Reshape', [graph.add('Concat', problems, { axis: 0 }), graph.ints([1, 4])]);
  graph.output('problems', joined, 'float32', [1, 4]);
  graph.output('noise_hu', noise, 'float32', [1]);
  graph.output('jump_mm', jump, 'float32', [1]);
  graph.output('cut_off_mm', cutOff, 'float32', [1]);
  graph.output('missing_slices', gaps.missing, 'float32', [1]);
  return graph.encode({
    irVersion: 8,
    opset: 17,
    modelVersion: 1,
    doc: 'Image quality of a CT series. Reference algorithm, not for clinical use.',
    metadata: { clinical_use: 'none', licence: 'Apache-2.0' },
  });
}

type Body = {
  /** Tissue at half resolution without what is thin, as tables and tubes are; [1, D, 128, 128]. */
  readonly tissue: Value;
  readonly halved: Value;
  /** Of each slice, [D]: section, and where its middle is in mm. */
  readonly areaCm2: Value;
  readonly middleMm: readonly [Value, Value];
};

function bodyOf(graph: Graph, settings: QualitySettings, hu: Value, rowMm: Value, columnMm: Value): Body {
  const m = morphology(graph);
  const f = graph.floats;
  const halved = graph.add('AveragePool', [hu], { kernel_shape: [2, 2], strides: [2, 2] });
  const tissue = m.dilate(m.erode(m.above(halved, settings.tissueHu), 2), 2);
  // From the first to the last tissue of each line: lungs and sinuses count as body.
  let filled: Value | null = null;
  for (const reverse of [0, 1]) {
    const passed = graph.add('CumSum', [tissue, graph.add('Squeeze', [graph.ints([3])])], { reverse });
    const seen = m.above(passed, 0.5);
    filled = filled === null ? seen : m.and(filled, seen);
  }
  const whole = filled as Value;
  const sum = (x: Value) => graph.add('ReduceSum', [x, graph.ints([0, 2, 3])], { keepdims: 0 });
  const cells = sum(whole);
  const line = Array.from({ length: HALF }, (_, index) => index - (HALF - 1) / 2);
  const middle = (shape: readonly number[], mm: Value) => {
    const along = graph.add('Reshape', [f(line), graph.ints(shape)]);
    const mean = graph.add('Div', [sum(m.and(whole, along)), graph.add('Max', [cells, f(1)])]);
    return graph.add('Mul', [mean, mm]);
  };
  const areaCm2 = graph.add('Mul', [cells, graph.add('Mul', [graph.add('Mul', [rowMm, columnMm]), f(0.01)])]);
  return { tissue, halved, areaCm2, middleMm: [middle([1, 1, HALF, 1], rowMm), middle([1, 1, 1, HALF], columnMm)] };
}

/** The way from each slice to the next, [D − 1]: an extent is half of the step before and half of the one after it. */
function stepsOf(graph: Graph, extents: Value): Value {
  const v = volumeOperations(graph);
  const f = graph.floats;
  const places = v.count(graph.add('Shape', [extents]));
  const sign = graph.add('Sub', [f(1), graph.add('Mul', [graph.add('Mod', [places, f(2)], { fmod: 1 }), f(2)])]);
  const first = graph.add('Slice', [extents, graph.ints([0]), graph.ints([1])]);
  const sums = graph.add('CumSum', [graph.add('Mul', [sign, extents]), v.scalar(graph.ints([0]))]);
  const steps = graph.add('Mul', [sign, graph.add('Sub', [graph.add('Mul', [sums, f(2)]), first])]);
  return graph.add('Max', [graph.add('Slice', [steps, graph.ints([0]), graph.ints([-1])]), f(0.01)]);
}

/** Standard deviation in homogeneous soft tissue: of differences, by blocks, the quiet ones; 0 where there is none. */
function noiseOf(graph: Graph, settings: QualitySettings, hu: Value): Value {
  const f = graph.floats;
  const m = morphology(graph);
  const column = (from: number, to: number) =>
    graph.add('Slice', [hu, graph.ints([from]), graph.ints([to]), graph.ints([3])]);
  const difference = graph.add('Sub', [column(APART, QUALITY_PIXELS), column(0, QUALITY_PIXELS - APART)]);
  const block = { kernel_shape: [BLOCK, BLOCK], strides: [BLOCK, BLOCK], pads: [0, 0, 0, APART] };
  const variance = graph.add('AveragePool', [graph.add('Mul', [difference, difference])], block);
  const plain = { kernel_shape: [BLOCK, BLOCK], strides: [BLOCK, BLOCK] };
  const mean = graph.add('AveragePool', [hu], plain);
  const isSoft = m.and(m.above(mean, 5), m.not(m.above(mean, 90)));
  const outside = graph.add('Abs', [graph.add('Sub', [hu, f(45)])]);
  const fits = m.above(graph.add('AveragePool', [m.not(m.above(outside, 190))], plain), 0.97);
  const counts = m.and(isSoft, fits);
  const flat = (x: Value) => graph.add('Reshape', [x, graph.ints([-1])]);
  const found = graph.add('ReduceSum', [flat(counts), graph.ints([0])], { keepdims: 1 });
  const ordered = graph.add('Add', [flat(variance), graph.add('Mul', [flat(m.not(counts)), f(1e9)])]);
  const wanted = graph.add('Max', [graph.add('Floor', [graph.add('Mul', [found, f(settings.quietShare)])]), f(1)]);
  const [quiet] = graph.addPair('TopK', [ordered, graph.add('Cast', [wanted], { to: 7 })], {
    axis: 0,
    largest: 0,
    sorted: 1,
  });
  const last = graph.add('Slice', [quiet, graph.ints([-1]), graph.ints([Number.MAX_SAFE_INTEGER])]);
  const sigma = graph.add('Sqrt', [graph.add('Mul', [last, f(0.5)])]);
  return graph.add('Where', [graph.add('Less', [found, f(settings.leastBlocks)]), f(0), sigma]);
}

/** How far the middle of a slice lies at most beside the straight line between its neighbours', beyond what is usual there; where the body changes slowly. */
function jumpOf(graph: Graph, settings: QualitySettings, body: Body, steps: Value): Value {
  const f = graph.floats;
  const part = (x: Value, from: number, to: number) => graph.add('Slice', [x, graph.ints([from]), graph.ints([to])]);
  const inner = (x: Value) => ({
    before: part(x, 0, -2),
    here: part(x, 1, -1),
    after: part(x, 2, Number.MAX_SAFE_INTEGER),
  });
  const [stepBefore, stepAfter] = [part(steps, 0, -1), part(steps, 1, Number.MAX_SAFE_INTEGER)];
  const way = graph.add('Div', [stepBefore, graph.add('Add', [stepBefore, stepAfter])]);
  const off = body.middleMm.map((middle) => {
    const { before, here, after } = inner(middle);
    const expected = graph.add('Add', [before, graph.add('Mul', [graph.add('Sub', [after, before]), way])]);
    const by = graph.add('Sub', [here, expected]);
    return graph.add('Mul', [by, by]);
  });
  const distance = graph.add('Sqrt', [graph.add('Sum', off)]);
  const { before, here, after } = inner(body.areaCm2);
  const change = (a: Value) =>
    graph.add('Div', [graph.add('Abs', [graph.add('Sub', [a, here])]), graph.add('Max', [here, f(1)])]);
  const largest = graph.add('ReduceMax', [body.areaCm2], { axes: [0], keepdims: 1 });
  const isSteady = graph.add('And', [
    graph.add('Less', [graph.add('Max', [change(before), change(after)]), f(settings.steadyArea)]),
    graph.add('Greater', [here, graph.add('Mul', [largest, f(0.3)])]),
  ]);
  const steady = graph.add('Cast', [isSteady], { to: 1 });
  const jumps = graph.add('Mul', [distance, steady]);
  const withNone = (x: Value) => graph.add('Concat', [x, f([0])], { axis: 0 });
  const most = graph.add('ReduceMax', [withNone(jumps)], { axes: [0], keepdims: 1 });
  // Anatomy makes many small ones; movement makes few that stand out.
  const others = graph.add('Mul', [graph.add('Sub', [f(1), steady]), f(1e6)]);
  const count = graph.add('ReduceSum', [steady, graph.ints([0])], { keepdims: 1 });
  const rank = graph.add('Add', [graph.add('Ceil', [graph.add('Mul', [count, f(settings.usualShare)])]), f(1)]);
  const [ordered] = graph.addPair(
    'TopK',
    [withNone(graph.add('Add', [jumps, others])), graph.add('Cast', [rank], { to: 7 })],
    { axis: 0, largest: 0, sorted: 1 },
  );
  const usual = graph.add('Slice', [ordered, graph.ints([-1]), graph.ints([Number.MAX_SAFE_INTEGER])]);
  const beyond = graph.add('Sub', [most, graph.add('Mul', [usual, f(settings.usualTimes)])]);
  return graph.add('Max', [beyond, f(0)]);
}

/** Millimetres of the body's outline at the edge of the picture, or of the circle where only that was reconstructed; of three slices together. */
function cutOffOf(graph: Graph, body: Body, pixelMm: Value): Value {
  const m = morphology(graph);
  const f = graph.floats;
  const line = f(Array.from({ length: HALF }, (_, index) => Math.abs(index - (HALF - 1) / 2)));
  const [y, x] = [graph.ints([1, 1, HALF, 1]), graph.ints([1, 1, 1, HALF])].map((shape) =>
    graph.add('Reshape', [line, shape]),
  ) as [Value, Value];
  const radius = graph.add('Sqrt', [graph.add('Add', [graph.add('Mul', [y, y]), graph.add('Mul', [x, x])])]);
  const frame = m.above(graph.add('Max', [y, x]), HALF / 2 - 1);
  // Two pixels wide: each of its pixels stands for half of one of outline.
  const ring = graph.add('Mul', [m.and(m.above(radius, HALF / 2 - 3), m.not(m.above(radius, HALF / 2 - 1))), f(0.5)]);
  const corners = m.above(radius, HALF / 2 + 2);
  const sum = (x: Value) => graph.add('ReduceSum', [x, graph.ints([0, 2, 3])], { keepdims: 0 });
  const cornerCount = graph.add('ReduceSum', [corners], { keepdims: 0 });
  const notEmpty = m.above(body.halved, -1000);
  const isCircle = m.not(m.above(graph.add('Div', [sum(m.and(notEmpty, corners)), cornerCount]), 0.02));
  const atFrame = sum(m.and(body.tissue, frame));
  const atRing = m.and(sum(m.and(body.tissue, ring)), isCircle);
  const outline = graph.add('Mul', [graph.add('Max', [atFrame, atRing]), pixelMm]);
  const bySlice = graph.add('Unsqueeze', [outline, graph.ints([0, 1])]);
  const three = graph.add('AveragePool', [bySlice], { kernel_shape: [3], pads: [1, 1], strides: [1] });
  return graph.add('ReduceMax', [graph.add('Squeeze', [three, graph.ints([0, 1])])], { axes: [0], keepdims: 1 });
}

/** The largest step over the larger of its neighbours', and how many slices are missing by that. A change of spacing is no gap. */
function gapsOf(
  graph: Graph,
  settings: QualitySettings,
  steps: Value,
): { readonly ratio: Value; readonly missing: Value } {
  const f = graph.floats;
  // At both ends the only neighbour stands twice.
  const shifted = (from: Value, to: Value, end: Value, isFirst: boolean) => {
    const rest = graph.add('Slice', [steps, from, to]);
    return graph.add('Concat', isFirst ? [end, rest] : [rest, end], { axis: 0 });
  };
  const one = (from: number, to: number) => graph.add('Slice', [steps, graph.ints([from]), graph.ints([to])]);
  const second = one(1, 2);
  const lastButOne = one(-2, -1);
  const before = shifted(graph.ints([0]), graph.ints([-1]), second, true);
  const after = shifted(graph.ints([1]), graph.ints([Number.MAX_SAFE_INTEGER]), lastButOne, false);
  const ratio = graph.add('Div', [steps, graph.add('Max', [before, after])]);
  const isGap = graph.add('Cast', [graph.add('Greater', [ratio, f(settings.gapRatio)])], { to: 1 });
  const lost = graph.add('Mul', [isGap, graph.add('Sub', [graph.add('Round', [ratio]), f(1)])]);
  return {
    ratio: graph.add('ReduceMax', [ratio], { axes: [0], keepdims: 1 }),
    missing: graph.add('ReduceSum', [lost, graph.ints([0])], { keepdims: 1 }),
  };
}
