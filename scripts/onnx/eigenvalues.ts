import type { Graph, Value } from './graph.ts';

/** The eigenvalues of symmetric 3 × 3 matrices, by the angle (Smith 1961), largest first. */
export function eigenvalues(
  graph: Graph,
  [a, b, c, d, e, g]: readonly [Value, Value, Value, Value, Value, Value],
): readonly [Value, Value, Value] {
  const f = graph.floats;
  const times = (...factors: readonly Value[]) => factors.reduce((x, y) => graph.add('Mul', [x, y]));
  const plus = (...terms: readonly Value[]) => graph.add('Sum', terms);
  const minus = (x: Value, y: Value) => graph.add('Sub', [x, y]);
  const mean = times(plus(a, b, c), f(1 / 3));
  const [x, y, z] = [minus(a, mean), minus(b, mean), minus(c, mean)];
  const off = plus(times(d, d), times(e, e), times(g, g));
  const p2 = times(plus(times(x, x), times(y, y), times(z, z), times(off, f(2))), f(1 / 6));
  const p = graph.add('Sqrt', [graph.add('Max', [p2, f(1e-12)])]);
  const determinant = minus(
    plus(times(x, y, z), times(d, e, g, f(2))),
    plus(times(x, g, g), times(y, e, e), times(z, d, d)),
  );
  const ratio = graph.add('Clip', [graph.add('Div', [determinant, times(p, p, p, f(2))]), f(-1), f(1)]);
  const angle = times(graph.add('Acos', [ratio]), f(1 / 3));
  const most = plus(mean, times(p, graph.add('Cos', [angle]), f(2)));
  const least = plus(mean, times(p, graph.add('Cos', [plus(angle, f((2 * Math.PI) / 3))]), f(2)));
  const second = minus(times(mean, f(3)), plus(most, least));
  return [most, second, least];
}
