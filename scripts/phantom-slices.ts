import type { HeadCt } from '../demo/phantoms/head-ct.ts';
import type { SourceSlice, Vector } from '../src/main/station/inference/runner/source-slice.ts';

/** A phantom as the slices that the runner would have read from its objects. */
export function phantomSlices(phantom: HeadCt): readonly SourceSlice[] {
  const size = phantom.rows * phantom.columns;
  const [a, b, c, d, e, f] = phantom.imageOrientation;
  return phantom.imagePositions.map((position: Vector, index) => ({
    sopUid: `2.25.${index + 1}`,
    rows: phantom.rows,
    columns: phantom.columns,
    position,
    alongRow: [a, b, c],
    alongColumn: [d, e, f],
    pixelMm: phantom.pixelMm,
    thicknessMm: phantom.sliceMm,
    values: phantom.hu.subarray(index * size, (index + 1) * size),
  }));
}
