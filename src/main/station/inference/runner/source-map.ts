import type { FrameReference } from '../run-answer.ts';
import { applyAffine, invertAffine, type Affine } from './affine.ts';
import type { PreparedGrid, SourceFrame } from './prepared-grid.ts';
import { along, type Vector } from './vector.ts';

/** The way from a prepared grid back to the frames it was made of, and from them to the patient. */
export type SourceMap = {
  readonly shape: PreparedGrid['shape'];
  readonly isVolume: boolean;
  readonly frames: readonly Omit<SourceFrame, 'values'>[];
  /** Millimetres across each frame that it stands for, half a step to either side; null for images. */
  readonly extentsMm: readonly number[] | null;
  /** What a cell of a slice of the grid holds; null where an axis has no millimetres. */
  readonly cellMl: ((slice: number) => number) | null;
  /** Index in the grid → frame, row and column as fractions; pixel centres are whole. */
  readonly toSource: (cell: Vector) => Vector;
  /** Rows of the matrix that takes [frame's slice, row, column, 1] to the grid. */
  readonly toGrid: Affine;
  /** Slice of the evened stack at which a frame lies. */
  readonly sliceOfFrame: (frame: number) => number;
  /** Where a place in the stack's frames lies in the patient (LPS, mm); null where they have no place. */
  readonly toPatient: (source: Vector) => Vector | null;
};

/** Reads the way back out of a grid; its pixels are not held on to. */
export function mapSource(grid: Omit<PreparedGrid, 'values'>): SourceMap {
  const { stack, shape, spacingMm, extentsMm, toStack, sliceOfFrame } = grid;
  const frames = stack.frames.map(({ values: _values, ...frame }) => frame);
  const isVolume = stack.arrangement === 'volume';
  const [, rowsMm, columnsMm] = spacingMm;
  return {
    shape,
    isVolume,
    frames,
    extentsMm: isVolume ? extentsOf(stack.stepsMm, frames) : null,
    cellMl:
      extentsMm === null || rowsMm === null || columnsMm === null
        ? null
        : (slice) => ((extentsMm[slice] as number) * rowsMm * columnsMm) / 1000,
    toGrid: invertAffine(toStack),
    toSource(cell) {
      const [slice, row, column] = applyAffine(toStack, cell);
      return [sliceOfFrame === null ? slice : inverse1(sliceOfFrame, slice), row, column];
    },
    sliceOfFrame: (frame) => (sliceOfFrame === null ? frame : along1(sliceOfFrame, frame)),
    toPatient: ([frame, row, column]) => {
      // Nothing lies between two images, which may be in different frames of reference.
      if (!isVolume) return pointOn(frames[Math.round(frame)], row, column);
      const lower = Math.max(0, Math.min(frames.length - 2, Math.floor(frame)));
      const at = (index: number) => pointOn(frames[index], row, column);
      const [from, to] = [at(lower), at(lower + 1)];
      if (from === null || to === null) return from;
      const share = frame - lower;
      return [0, 1, 2].map((axis) => {
        return (from[axis] as number) * (1 - share) + (to[axis] as number) * share;
      }) as unknown as Vector;
    },
  };
}

/** The frame nearest to a place among the frames, as other parts of the station name it. */
export function frameAt(map: SourceMap, frame: number): FrameReference {
  const nearest = Math.max(0, Math.min(map.frames.length - 1, Math.round(frame)));
  const { sopUid, frameNumber } = map.frames[nearest] as SourceFrame;
  return { sopUid, frameNumber };
}

/** Where a row and column of a frame lie in the patient (PS3.3 §C.7.6.2.1.1); null of a frame without a place, or of none. */
function pointOn(frame: Omit<SourceFrame, 'values'> | undefined, row: number, column: number): Vector | null {
  if (frame === undefined || frame.place === null || frame.pixelMm === null) return null;
  const { position, alongRow, alongColumn } = frame.place;
  return along(along(position, alongRow, column * frame.pixelMm[1]), alongColumn, row * frame.pixelMm[0]);
}

function extentsOf(stepsMm: readonly number[], frames: SourceMap['frames']): readonly number[] | null {
  const only = frames[0]?.place?.thicknessMm;
  if (frames.length === 1) return only == null ? null : [only];
  return frames.map((_, index) => {
    const before = stepsMm[index - 1] ?? stepsMm[index] ?? 0;
    return (before + (stepsMm[index] ?? before)) / 2;
  });
}

/** Value of a list between its entries, going on beyond its ends as it ended. */
function along1(list: readonly number[], at: number): number {
  const lower = Math.max(0, Math.min(list.length - 2, Math.floor(at)));
  const from = list[lower] ?? at;
  return from + ((list[lower + 1] ?? from + 1) - from) * (at - lower);
}

/** Where in a rising list a value stands. */
function inverse1(list: readonly number[], value: number): number {
  let lower = 0;
  let upper = list.length - 1;
  while (upper - lower > 1) {
    const middle = (lower + upper) >> 1;
    if ((list[middle] as number) <= value) lower = middle;
    else upper = middle;
  }
  const from = list[lower] ?? value;
  const to = list[lower + 1] ?? from + 1;
  return lower + (value - from) / (to - from);
}
