import type { Vector } from './vector.ts';

/** Rows of a matrix that takes [slice, row, column, 1] to one coordinate each. */
export type Affine = readonly [Quad, Quad, Quad];
type Quad = readonly [number, number, number, number];

export const IDENTITY: Affine = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
];

/** Where a matrix takes a point. */
export function applyAffine(matrix: Affine, [a, b, c]: Vector): Vector {
  const row = ([w, x, y, z]: Quad) => w * a + x * b + y * c + z;
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
}

/** First `inner`, then `outer`. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const origin = applyAffine(outer, [inner[0][3], inner[1][3], inner[2][3]]);
  const row = (of: 0 | 1 | 2): Quad => {
    const cell = (column: 0 | 1 | 2) =>
      outer[of][0] * inner[0][column] + outer[of][1] * inner[1][column] + outer[of][2] * inner[2][column];
    return [cell(0), cell(1), cell(2), origin[of]];
  };
  return [row(0), row(1), row(2)];
}

/** The way back. Throws where there is none: a grid is never flat. */
export function invertAffine([a, b, c]: Affine): Affine {
  const minor = (p: Quad, q: Quad, i: 0 | 1 | 2, j: 0 | 1 | 2) => p[i] * q[j] - p[j] * q[i];
  const determinant = a[0] * minor(b, c, 1, 2) - a[1] * minor(b, c, 0, 2) + a[2] * minor(b, c, 0, 1);
  if (!Number.isFinite(1 / determinant)) throw new Error('a grid that is flat');
  const linear = [
    [minor(b, c, 1, 2), -minor(a, c, 1, 2), minor(a, b, 1, 2)],
    [-minor(b, c, 0, 2), minor(a, c, 0, 2), -minor(a, b, 0, 2)],
    [minor(b, c, 0, 1), -minor(a, c, 0, 1), minor(a, b, 0, 1)],
  ] as const;
  const row = (of: 0 | 1 | 2): Quad => {
    const [x, y, z] = linear[of];
    const [p, q, r] = [x / determinant, y / determinant, z / determinant];
    return [p, q, r, -(p * a[3] + q * b[3] + r * c[3])];
  };
  return [row(0), row(1), row(2)];
}
