import { eigenvalues } from './eigenvalues.ts';
import type { Graph, Value } from './graph.ts';
import { type Volume, volumeOperations } from './volume-operations.ts';

/** Least response to the blurs, how many of the best places are looked at, and how many of these are given. */
export type PeakLimits = { readonly from: number; readonly looked: number; readonly most: number };

/** Places [N,3] in cells, how much each stands out, and how much of that it does in every direction, [N,1] each. */
export type Peaks = { readonly places: Value; readonly responses: Value; readonly blobs: Value };

/**
 * Places that stand out from what is around them by a multi-scale Laplacian of Gaussian, more than all neighbours do; of these the
 * ones that do so in every direction: along a vessel the second derivative is nothing, in a ball it is the same all around.
 */
export function findPeaks(
  graph: Graph,
  soft: Volume,
  room: Volume,
  blurs: readonly number[],
  limits: PeakLimits,
): Peaks {
  const v = volumeOperations(graph);
  // What is outside the lungs counts as lung, so that what lies at the pleura stands alone.
  const inside: Volume = { at: graph.add('Mul', [soft.at, room.at]), lengths: soft.lengths };
  const blurred: Volume[] = [];
  for (const [index, sigma] of blurs.entries()) {
    const before = blurs[index - 1] ?? 0;
    // Blurs add up by their squares.
    blurred.push(v.blur(blurred[index - 1] ?? inside, Math.sqrt(sigma ** 2 - before ** 2)));
  }
  const responses = blurred.slice(1).map((wide, index) => graph.add('Sub', [(blurred[index] as Volume).at, wide.at]));
  const response = graph.add('Mul', [graph.add('Max', responses), room.at]);
  const highest = v.spreadMax({ at: response, lengths: soft.lengths }, 2).at;
  const isPeak = graph.add('And', [
    graph.add('GreaterOrEqual', [response, highest]),
    graph.add('Greater', [response, graph.floats(limits.from)]),
  ]);
  const kept = graph.add('Reshape', [graph.add('Mul', [response, v.float(isPeak)]), graph.ints([-1])]);
  const [best, index] = best1d(graph, kept, limits.looked);
  const pixels = graph.add('Mul', [soft.lengths[1], soft.lengths[2]]);
  const slice = graph.add('Div', [index, pixels]);
  const rest = graph.add('Sub', [index, graph.add('Mul', [slice, pixels])]);
  const row = graph.add('Div', [rest, soft.lengths[2]]);
  const column = graph.add('Sub', [rest, graph.add('Mul', [row, soft.lengths[2]])]);
  const blobs = blurs
    .slice(0, -1)
    .map((sigma, at) => blobness(graph, blurred[at] as Volume, [slice, row, column], sigma));
  const blob = graph.add('Mul', [graph.add('Max', blobs), v.float(graph.add('Greater', [best, graph.floats(0)]))]);
  const [blobbiest, which] = best1d(graph, blob, limits.most);
  const pick = (of: Value) => graph.add('Unsqueeze', [graph.add('Gather', [of, which]), graph.ints([1])]);
  return {
    places: graph.add('Concat', [pick(slice), pick(row), pick(column)], { axis: 1 }),
    responses: pick(best),
    blobs: graph.add('Unsqueeze', [blobbiest, graph.ints([1])]),
  };
}

function best1d(graph: Graph, of: Value, most: number): readonly [Value, Value] {
  return graph.addPair('TopK', [of, graph.ints([most])], { axis: 0, largest: 1, sorted: 1 });
}

/** The weakest of the three second derivatives at each place, downwards, scaled by the blur; from differences over about one blur. */
function blobness(graph: Graph, of: Volume, place: readonly [Value, Value, Value], sigma: number): Value {
  const step = Math.max(1, Math.round(sigma));
  const f = graph.floats;
  const flat = graph.add('Reshape', [of.at, graph.ints([-1])]);
  const [, rows, columns] = of.lengths;
  const at = (...by: readonly [number, number, number]) => {
    const [slice, row, column] = place.map((one, axis) => {
      const moved = graph.add('Add', [one, graph.ints([(by[axis] as number) * step])]);
      const last = graph.add('Sub', [of.lengths[axis] as Value, graph.ints([1])]);
      return graph.add('Min', [graph.add('Max', [moved, graph.ints([0])]), last]);
    }) as [Value, Value, Value];
    const line = graph.add('Add', [graph.add('Mul', [slice, rows]), row]);
    return graph.add('Gather', [flat, graph.add('Add', [graph.add('Mul', [line, columns]), column])]);
  };
  const unit = (axis: number, by = 1) => [0, 1, 2].map((one) => (one === axis ? by : 0)) as [number, number, number];
  const both = (a: number, b: number, by: number) =>
    [0, 1, 2].map((one) => (one === a ? 1 : one === b ? by : 0)) as [number, number, number];
  const less = (x: Value, y: Value) => graph.add('Sub', [x, y]);
  const centre = graph.add('Mul', [at(0, 0, 0), f(2)]);
  const straight = (axis: number) => less(graph.add('Add', [at(...unit(axis)), at(...unit(axis, -1))]), centre);
  const mixed = (a: number, b: number) => {
    const negative = (by: readonly [number, number, number]) => by.map((one) => 0 - one) as [number, number, number];
    const alike = graph.add('Add', [at(...both(a, b, 1)), at(...negative(both(a, b, 1)))]);
    const unlike = graph.add('Add', [at(...both(a, b, -1)), at(...negative(both(a, b, -1)))]);
    return graph.add('Mul', [less(alike, unlike), f(0.25)]);
  };
  const [largest] = eigenvalues(graph, [straight(0), straight(1), straight(2), mixed(0, 1), mixed(0, 2), mixed(1, 2)]);
  return graph.add('Mul', [largest, f(-((sigma / step) ** 2))]);
}
