import type { Graph, Value } from './graph.ts';

/** Masks are float32 tensors of 0 and 1: pools and products then serve as set operations. */
export function morphology(graph: Graph) {
  const one = graph.floats(1);
  const above = (x: Value, limit: number) => aboveValue(x, graph.floats(limit));
  const aboveValue = (x: Value, limit: Value) => graph.add('Cast', [graph.add('Greater', [x, limit])], { to: 1 });
  const not = (mask: Value) => graph.add('Sub', [one, mask]);
  const and = (a: Value, b: Value) => graph.add('Mul', [a, b]);
  const or = (a: Value, b: Value) => graph.add('Max', [a, b]);
  const dilate = (mask: Value, by: number): Value => {
    if (by === 0) return mask;
    const size = 2 * by + 1;
    const along = graph.add('MaxPool', [mask], { kernel_shape: [1, size], pads: [0, by, 0, by], strides: [1, 1] });
    return graph.add('MaxPool', [along], { kernel_shape: [size, 1], pads: [by, 0, by, 0], strides: [1, 1] });
  };
  const erode = (mask: Value, by: number) => (by === 0 ? mask : not(dilate(not(mask), by)));
  const dilateAcrossSlices = (mask: Value): Value => {
    const deep = graph.add('Unsqueeze', [mask, graph.ints([0])]);
    const spread = graph.add('MaxPool', [deep], {
      kernel_shape: [3, 1, 1],
      pads: [1, 0, 0, 1, 0, 0],
      strides: [1, 1, 1],
    });
    return graph.add('Squeeze', [spread, graph.ints([0])]);
  };
  const share = (mask: Value, by: number): Value => {
    const size = 2 * by + 1;
    const along = graph.add('AveragePool', [mask], { kernel_shape: [1, size], pads: [0, by, 0, by], strides: [1, 1] });
    return graph.add('AveragePool', [along], { kernel_shape: [size, 1], pads: [by, 0, by, 0], strides: [1, 1] });
  };
  const sumAround = (x: Value, by: number): Value => {
    const deep = graph.add('Unsqueeze', [share(x, by), graph.ints([0])]);
    const mean = graph.add('AveragePool', [deep], {
      kernel_shape: [3, 1, 1],
      pads: [1, 0, 0, 1, 0, 0],
      strides: [1, 1, 1],
      count_include_pad: 1,
    });
    return graph.add('Mul', [graph.add('Squeeze', [mean, graph.ints([0])]), graph.floats(3 * (2 * by + 1) ** 2)]);
  };
  const smoothWithin = (x: Value, mask: Value): Value => {
    const sum = share(share(and(x, mask), 1), 1);
    const weight = share(share(mask, 1), 1);
    return graph.add('Div', [sum, graph.add('Max', [weight, graph.floats(0.05)])]);
  };
  const ratio = (x: Value, mask: Value, axes: readonly number[]): Value => {
    const sum = graph.add('ReduceSum', [and(x, mask), graph.ints(axes)], { keepdims: 1 });
    const weight = graph.add('ReduceSum', [mask, graph.ints(axes)], { keepdims: 1 });
    return graph.add('Div', [sum, graph.add('Max', [weight, one])]);
  };
  return {
    above,
    aboveValue,
    not,
    and,
    or,
    dilate,
    erode,
    dilateAcrossSlices,
    share,
    sumAround,
    smoothWithin,
    meanWithin: (x: Value, mask: Value) => ratio(x, mask, [0, 1, 2, 3]),
    sliceMeanWithin: (x: Value, mask: Value) => ratio(x, mask, [2, 3]),
    double: (x: Value) =>
      graph.add('Resize', [x, null, graph.floats([1, 1, 2, 2])], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      }),
    element: (x: Value, index: number) => graph.add('Gather', [x, graph.ints([index])], {}),
  };
}
