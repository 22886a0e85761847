import type { ChestCt } from '../demo/phantoms/chest-ct.ts';
import type { HeadCt } from '../demo/phantoms/head-ct.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';

/** A phantom as the frames that the runner would have read from its objects. */
export function phantomFrames(phantom: HeadCt | ChestCt): readonly SourceFrame[] {
  const size = phantom.rows * phantom.columns;
  const [a, b, c, d, e, f] = phantom.imageOrientation;
  return phantom.imagePositions.map((position, index) => ({
    sopUid: `2.25.${index + 1}`,
    frameNumber: 1,
    instanceNumber: index + 1,
    rows: phantom.rows,
    columns: phantom.columns,
    channels: 1,
    values: phantom.hu.subarray(index * size, (index + 1) * size),
    place: {
      position,
      alongRow: [a, b, c],
      alongColumn: [d, e, f],
      thicknessMm: phantom.sliceMm,
      frameOfReferenceUid: null,
    },
    pixelMm: phantom.pixelMm,
  }));
}
