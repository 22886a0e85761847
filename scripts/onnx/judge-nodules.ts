import { eigenvalues } from './eigenvalues.ts';
import type { Graph, Value } from './graph.ts';
import { type Volume, volumeOperations } from './volume-operations.ts';

/** What each candidate is judged by. */
const FEATURES = [
  'response',
  'blob',
  'peak',
  'logMl',
  'slimness',
  'flatness',
  'fill',
  'shell',
  'far',
  'wall',
  'edge',
] as const;
type Feature = (typeof FEATURES)[number];

/** A logistic rule over the features; one left out counts for nothing. */
export type NoduleSettings = {
  readonly weights: Readonly<Partial<Record<Feature, number>>>;
  readonly bias: number /** What is smaller is no candidate. */;
  readonly leastMl: number;
};

/** Half of the edge of what is looked at around a candidate, and that edge, in cells. */
const REACH = 12;
const EDGE = 2 * REACH + 1;
const CELL_ML = 1.5 ** 3 / 1000;
/** How often what hangs together is followed. */
const STEPS = 10;
const LEVELS = 6;

/**
 * Cuts a cube around each candidate, takes what hangs together with its middle, opens it by half its own thickness, so that vessels
 * fall off, and measures what is left: centres [N,3] and diameters [N,1] in cells of `fine`, scores and features by row.
 */
export function judgeNodules(
  graph: Graph,
  settings: NoduleSettings,
  given: {
    readonly fine: Volume;
    readonly room: Volume;
    readonly places: Value;
    readonly responses: Value;
    readonly blobs: Value;
  },
): { readonly centres: Value; readonly diameters: Value; readonly scores: Value; readonly features: Value } {
  const v = volumeOperations(graph);
  const f = graph.floats;
  const above = (x: Value, limit: Value) => v.float(graph.add('Greater', [x, limit]));
  const and = (a: Value, b: Value) => graph.add('Mul', [a, b]);
  const not = (a: Value) => graph.add('Sub', [f(1), a]);
  const pool = (x: Value, by: number) => {
    const size = 2 * by + 1;
    let out = x;
    for (const axis of [0, 1, 2]) {
      const kernel = [0, 1, 2].map((one) => (one === axis ? size : 1));
      const pads = [0, 1, 2].map((one) => (one === axis ? by : 0));
      out = graph.add('MaxPool', [out], { kernel_shape: kernel, pads: [...pads, ...pads], strides: [1, 1, 1] });
    }
    return out;
  };
  const flat = (x: Value) => graph.add('Reshape', [x, graph.ints([-1, EDGE ** 3])]);
  const sum = (x: Value) => graph.add('ReduceSum', [flat(x), graph.ints([1])], { keepdims: 1 });
  const middle = (x: Value, by: number) =>
    graph.add('Slice', [
      x,
      graph.ints([REACH - by, REACH - by, REACH - by]),
      graph.ints([REACH + by + 1, REACH + by + 1, REACH + by + 1]),
      graph.ints([2, 3, 4]),
    ]);
  const highest = (x: Value) => graph.add('ReduceMax', [x], { axes: [2, 3, 4], keepdims: 1 });

  const cubes = cutCubes(graph, given.fine, given.places, -0.05);
  const room = cutCubes(graph, given.room, given.places, 0);
  const peak = highest(
    middle(
      graph.add('AveragePool', [cubes], {
        kernel_shape: [3, 3, 3],
        pads: [1, 1, 1, 1, 1, 1],
        strides: [1, 1, 1],
        count_include_pad: 1,
      }),
      1,
    ),
  );
  const limit = graph.add('Clip', [graph.add('Mul', [peak, f(0.55)]), f(0.2), f(0.5)]);
  const tissue = above(cubes, limit);
  const within = and(tissue, room);

  const grow = (seed: Value, into: Value, steps: number) => {
    let mask = and(seed, into);
    for (let step = 0; step < steps; step += 1) mask = and(pool(mask, 1), into);
    return mask;
  };
  const border = [0, 0, REACH - 1, REACH - 1, REACH - 1];
  const heart = graph.add('Pad', [middle(within, 1), graph.ints([...border, ...border])]);
  const joined = grow(heart, within, STEPS);

  // How thick it is at the middle: how often it can be eroded before nothing is left there.
  const eroded: Value[] = [joined];
  for (let level = 1; level <= LEVELS; level += 1) eroded.push(not(pool(not(eroded[level - 1] as Value), 1)));
  const there = eroded.slice(1).map((mask) => highest(middle(mask, 2)));
  const thickness = graph.add('Sum', there);
  let body = and(joined, v.float(graph.add('Less', [thickness, f(1.5)])));
  for (let by = 1; by <= LEVELS / 2; by += 1) {
    const isIt = and(above(thickness, f(2 * by - 0.5)), v.float(graph.add('Less', [thickness, f(2 * by + 1.5)])));
    const opened = and(pool(eroded[by] as Value, by), joined);
    body = graph.add('Max', [body, and(opened, isIt)]);
  }
  body = grow(heart, body, STEPS - 2);
  const cells = sum(body);
  const safe = graph.add('Max', [cells, f(1)]);

  // What is at its rim in part belongs to it in part.
  const rim = and(pool(body, 1), room);
  const soft = sum(and(graph.add('Clip', [cubes, f(-0.2), f(1)]), rim));
  const volumeMl = graph.add('Mul', [graph.add('Max', [soft, f(0.5)]), f(CELL_ML)]);
  const diameters = graph.add('Pow', [graph.add('Mul', [volumeMl, f(6000 / Math.PI / 1.5 ** 3)]), f(1 / 3)]);

  const axes = [0, 1, 2].map((axis) => coordinate(graph, axis));
  const at = axes.map((x) => graph.add('Div', [sum(and(body, x)), safe]));
  const moment = (a: number, b: number) => {
    const product = graph.add('Div', [sum(and(body, and(axes[a] as Value, axes[b] as Value))), safe]);
    return graph.add('Sub', [product, and(at[a] as Value, at[b] as Value)]);
  };
  const spread = (a: number) => graph.add('Add', [moment(a, a), f(1 / 12)]);
  const positive = (value: Value) => graph.add('Max', [value, f(0.02)]);
  const [most, second, least] = eigenvalues(graph, [
    spread(0),
    spread(1),
    spread(2),
    moment(0, 1),
    moment(0, 2),
    moment(1, 2),
  ]).map(positive) as [Value, Value, Value];
  const root = (a: Value, b: Value) => graph.add('Sqrt', [graph.add('Div', [a, b])]);
  const slimness = root(second, most);
  const flatness = root(least, second);
  const ball = graph.add('Mul', [graph.add('Pow', [graph.add('Mul', [most, f(5)]), f(1.5)]), f((4 / 3) * Math.PI)]);
  const fill = graph.add('Min', [graph.add('Div', [cells, ball]), f(1.2)]);

  // What else of tissue lies around it: between 1.3 and 1.8, and between 1.8 and 2.4 of its radius.
  const radius = graph.add('Max', [graph.add('Mul', [diameters, f(0.5)]), f(1)]);
  const centred = axes.map((x, axis) =>
    graph.add('Sub', [x, graph.add('Reshape', [at[axis] as Value, graph.ints([-1, 1, 1, 1, 1])])]),
  );
  const distance = graph.add('Sqrt', [
    graph.add(
      'Sum',
      centred.map((x) => and(x, x)),
    ),
  ]);
  const wide = (factor: number, more: number) =>
    graph.add('Reshape', [
      graph.add('Add', [graph.add('Mul', [radius, f(factor)]), f(more)]),
      graph.ints([-1, 1, 1, 1, 1]),
    ]);
  const between = (low: Value, high: Value) =>
    and(above(distance, low), v.float(graph.add('LessOrEqual', [distance, high])));
  const shareOf = (part: Value, whole: Value) =>
    graph.add('Div', [sum(and(part, whole)), graph.add('Max', [sum(whole), f(1)])]);
  const near = and(between(wide(1, 1), wide(1.35, 2)), room);
  const far = and(between(wide(1.35, 2), wide(1.8, 3)), room);
  const aroundIt = and(pool(body, 1), not(body));
  const features: Readonly<Record<Feature, Value>> = {
    response: given.responses,
    blob: given.blobs,
    peak: flatColumn(graph, peak),
    logMl: graph.add('Log', [volumeMl]),
    slimness,
    flatness,
    fill,
    shell: shareOf(tissue, near),
    far: shareOf(tissue, far),
    wall: shareOf(not(room), aroundIt),
    edge: shareOf(tissue, and(aroundIt, room)),
  };
  const weighted = FEATURES.flatMap((name) => {
    const weight = settings.weights[name];
    return weight === undefined ? [] : [graph.add('Mul', [features[name], f(weight)])];
  });
  const logit = graph.add('Add', [
    weighted.length === 0 ? and(given.responses, f(0)) : graph.add('Sum', weighted),
    f(settings.bias),
  ]);
  // A place that is none, and what is smaller than any nodule, has no score.
  const counts = and(above(given.responses, f(0)), above(volumeMl, f(settings.leastMl)));
  const scores = and(graph.add('Sigmoid', [logit]), counts);
  // Where it stands out most, and the middle of what was measured: half a vessel may still be on the one, the other is a whole cell.
  const centres = graph.add('Add', [
    graph.add('Mul', [graph.add('Concat', at, { axis: 1 }), f(0.5)]),
    v.float(given.places),
  ]);
  return {
    centres,
    diameters,
    scores,
    features: graph.add(
      'Concat',
      FEATURES.map((name) => features[name]),
      { axis: 1 },
    ),
  };
}

/** [N,1,1,1,1] as [N,1]. */
function flatColumn(graph: Graph, x: Value): Value {
  return graph.add('Reshape', [x, graph.ints([-1, 1])]);
}

/** Cells from the middle of a cube along an axis, as a cube. */
function coordinate(graph: Graph, axis: number): Value {
  const line = Array.from({ length: EDGE }, (_, index) => index - REACH);
  const shape = [1, 1, 1, 1, 1];
  shape[axis + 2] = EDGE;
  const along = graph.add('Reshape', [graph.floats(line), graph.ints(shape)]);
  return graph.add('Expand', [along, graph.ints([1, 1, EDGE, EDGE, EDGE])]);
}

/** A cube around each place, [N,1,edge,edge,edge]; beyond the volume stands `outside`. */
function cutCubes(graph: Graph, of: Volume, places: Value, outside: number): Value {
  const pads = graph.ints([REACH, REACH, REACH, REACH, REACH, REACH]);
  const padded = graph.add('Pad', [of.at, pads, graph.floats(outside)]);
  const grown = of.lengths.map((length) => graph.add('Add', [length, graph.ints([2 * REACH])]));
  const [, rows, columns] = grown as [Value, Value, Value];
  const column = (axis: number) => graph.add('Gather', [places, graph.ints([axis])], { axis: 1 });
  const indexOf = (slice: Value, row: Value, at: Value) =>
    graph.add('Add', [graph.add('Mul', [graph.add('Add', [graph.add('Mul', [slice, rows]), row]), columns]), at]);
  const start = graph.add('Reshape', [indexOf(column(0), column(1), column(2)), graph.ints([-1, 1, 1, 1, 1])]);
  const steps = (axis: number) => {
    const shape = [1, 1, 1, 1, 1];
    shape[axis + 2] = EDGE;
    return graph.add('Reshape', [graph.ints(Array.from({ length: EDGE }, (_, index) => index)), graph.ints(shape)]);
  };
  const index = graph.add('Add', [start, indexOf(steps(0), steps(1), steps(2))]);
  return graph.add('Gather', [graph.add('Reshape', [padded, graph.ints([-1])]), index]);
}
