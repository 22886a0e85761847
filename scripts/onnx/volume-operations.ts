import type { Graph, Value } from './graph.ts';

/** A tensor of three axes, slices, rows and columns, in a graph under construction, and how long each axis is (int64 [1]). */
export type Volume = { readonly at: Value; readonly lengths: readonly [Value, Value, Value] };

/** Operations on volumes whose size is known only when the graph runs. */
export function volumeOperations(graph: Graph) {
  const scalar = (value: Value) => graph.add('Squeeze', [value]);
  const float = (value: Value) => graph.add('Cast', [value], { to: 1 });
  const dims = (...parts: readonly Value[]) => graph.add('Concat', parts, { axis: 0 });
  const reshape = (value: Value, ...parts: readonly Value[]) => graph.add('Reshape', [value, dims(...parts)]);
  const zero = scalar(graph.ints([0]));
  const oneWhole = scalar(graph.ints([1]));

  const volume = (value: Value): Volume => {
    const shape = graph.add('Shape', [value]);
    const length = (axis: number) => graph.add('Gather', [shape, graph.ints([axis])]);
    return { at: value, lengths: [length(0), length(1), length(2)] };
  };
  /** 0, 1, … as float32. */
  const count = (length: Value) => float(graph.add('Range', [zero, scalar(length), oneWhole]));
  /** A matrix that blurs an axis as a Gaussian of `sigma` cells does; what lies beyond the ends counts for nothing. */
  const blurMatrix = (length: Value, sigma: number, sumsTo: 'columns' | 'rows') => {
    const places = count(length);
    const apart = graph.add('Sub', [
      graph.add('Unsqueeze', [places, graph.ints([0])]),
      graph.add('Unsqueeze', [places, graph.ints([1])]),
    ]);
    const weights = graph.add('Exp', [
      graph.add('Mul', [graph.add('Mul', [apart, apart]), graph.floats(-0.5 / sigma ** 2)]),
    ]);
    const sum = graph.add('ReduceSum', [weights, graph.ints([sumsTo === 'rows' ? 1 : 0])], { keepdims: 1 });
    return graph.add('Div', [weights, sum]);
  };
  /** Along the slices a volume is a table of slices and pixels. */
  const alongSlices = ({ at, lengths }: Volume, change: (table: Value) => Value): Volume => {
    const table = reshape(at, lengths[0], graph.ints([-1]));
    return { at: reshape(change(table), ...lengths), lengths };
  };

  return {
    scalar,
    float,
    dims,
    reshape,
    volume,
    count,
    /** Gaussian blur by three products of matrices: for a library of fast ones by far the quickest way. */
    blur: (of: Volume, sigma: number): Volume => {
      const [slices, rows, columns] = of.lengths;
      const across = graph.add('MatMul', [of.at, blurMatrix(columns, sigma, 'columns')]);
      const down = graph.add('MatMul', [blurMatrix(rows, sigma, 'rows'), across]);
      const matrix = blurMatrix(slices, sigma, 'rows');
      return alongSlices({ at: down, lengths: of.lengths }, (table) => graph.add('MatMul', [matrix, table]));
    },
    /** The highest value within so many cells along every axis. */
    spreadMax: (of: Volume, by: number): Volume => {
      const size = 2 * by + 1;
      const pool = (value: Value, kernel: readonly [number, number], pads: readonly number[]) =>
        graph.add('MaxPool', [value], { kernel_shape: kernel, pads, strides: [1, 1] });
      const slices = graph.add('Unsqueeze', [of.at, graph.ints([0])]);
      const across = pool(slices, [1, size], [0, by, 0, by]);
      const down = graph.add('Squeeze', [pool(across, [size, 1], [by, 0, by, 0]), graph.ints([0])]);
      // In several columns, so that several threads have something to do.
      return alongSlices({ at: down, lengths: of.lengths }, (table) => {
        const deep = graph.add('Unsqueeze', [table, graph.ints([0, 1])]);
        return graph.add('Squeeze', [pool(deep, [size, 1], [by, 0, by, 0]), graph.ints([0, 1])]);
      });
    },
    /** From the first to behind the last place along each axis that holds anything of a mask, `margin` cells more on either side; int64 [3] each. */
    boundsOf: (mask: Volume, margin: number) => {
      const bounds = [0, 1, 2].map((axis) => {
        const others = [0, 1, 2].filter((one) => one !== axis);
        const any = graph.add('ReduceMax', [mask.at], { axes: others, keepdims: 0 });
        const first = graph.add('ArgMax', [any], { axis: 0, keepdims: 1 });
        const last = graph.add('ArgMax', [any], { axis: 0, keepdims: 1, select_last_index: 1 });
        const length = mask.lengths[axis] as Value;
        const from = graph.add('Max', [graph.add('Sub', [first, graph.ints([margin])]), graph.ints([0])]);
        const to = graph.add('Min', [graph.add('Add', [last, graph.ints([margin + 1])]), length]);
        return { from, to };
      });
      return { from: dims(...bounds.map(({ from }) => from)), to: dims(...bounds.map(({ to }) => to)) };
    },
    cut: (of: Volume, from: Value, to: Value) => volume(graph.add('Slice', [of.at, from, to, graph.ints([0, 1, 2])])),
    /** Each cell eight times. */
    double: (of: Volume): Volume => {
      const deep = graph.add('Unsqueeze', [of.at, graph.ints([0, 1])]);
      const large = graph.add('Resize', [deep, null, graph.floats([1, 1, 2, 2, 2])], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      });
      return volume(graph.add('Squeeze', [large, graph.ints([0, 1])]));
    },
  };
}
