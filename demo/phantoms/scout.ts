import type { HeadCt } from './head-ct.ts';
import type { Vector } from './reconstruct.ts';

/** A frontal projection, as scanners take before the slices: head at the top. */
export type ScoutImage = {
  readonly hu: Int16Array;
  readonly rows: number;
  readonly columns: number;
  readonly pixelMm: readonly [number, number];
  readonly position: Vector;
};

const ROW_MM = 1;

/** Projects a phantom from front to back; linear between slices. */
export function drawScout(ct: HeadCt): ScoutImage {
  const columns = ct.columns;
  const rows = Math.floor((ct.slices - 1) * ct.sliceMm) + 1;
  const projected = new Float32Array(ct.slices * columns);
  for (let slice = 0; slice < ct.slices; slice += 1) {
    for (let row = 0; row < ct.rows; row += 1) {
      const line = (slice * ct.rows + row) * columns;
      for (let column = 0; column < columns; column += 1) {
        const target = slice * columns + column;
        projected[target] = (projected[target] ?? 0) + (ct.hu[line + column] ?? 0) / ct.rows;
      }
    }
  }
  const hu = new Int16Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const place = ct.slices - 1 - (row * ROW_MM) / ct.sliceMm;
    const below = Math.floor(place);
    const share = place - below;
    for (let column = 0; column < columns; column += 1) {
      const low = projected[below * columns + column] ?? 0;
      const high = projected[Math.min(ct.slices - 1, below + 1) * columns + column] ?? low;
      hu[row * columns + column] = Math.round(low + (high - low) * share);
    }
  }
  const [x, y, z] = ct.imagePositions[ct.slices - 1] ?? [0, 0, 0];
  return { hu, rows, columns, pixelMm: [ROW_MM, ct.pixelMm[1]], position: [x, y + (ct.rows * ct.pixelMm[0]) / 2, z] };
}
