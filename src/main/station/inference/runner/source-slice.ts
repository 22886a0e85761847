export type Vector = readonly [number, number, number];

/** One decoded source image with its place in the patient (LPS, mm), as the object itself says. */
export type SourceSlice = {
  readonly sopUid: string;
  readonly rows: number;
  readonly columns: number;
  /** Centre of the first pixel. */
  readonly position: Vector;
  /** Direction in which the column index grows, and the row index grows (ImageOrientationPatient). */
  readonly alongRow: Vector;
  readonly alongColumn: Vector;
  /** Between rows, between columns (PixelSpacing). */
  readonly pixelMm: readonly [number, number];
  readonly thicknessMm: number | null;
  /** Rescaled values, row by row; padding already replaced. */
  readonly values: Float32Array | Int16Array;
};

/** Scalar product. */
export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Vector product: for ImageOrientationPatient the normal of the slice. */
export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
