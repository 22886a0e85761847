/** A point or direction in the patient: left, back, head (LPS), in millimetres where it is a place. */
export type Vector = readonly [number, number, number];

/** Scalar product. */
export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Vector product: of a slice's row and column directions, its normal. */
export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** a + b · by. */
export function along(a: Vector, b: Vector, by: number): Vector {
  return [a[0] + b[0] * by, a[1] + b[1] * by, a[2] + b[2] * by];
}
