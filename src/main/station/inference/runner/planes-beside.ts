import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { FramePlace, SourceFrame, SourceStack } from './prepared-grid.ts';
import { mapSource } from './source-map.ts';
import { openStackPlanes, type StackPlanes } from './stack-planes.ts';
import { stackLine } from './stack-line.ts';
import { along, cross, dot, type Vector } from './vector.ts';

/** A channel beside a series' own, slice by slice on the series' grid before any step; `isMask`: 0 and 1, which no step on values changes. */
export type PlaneBeside = {
  /** Of a mask: whether it is set anywhere. */
  readonly isEmpty?: boolean;
  readonly planeAt: (slice: number) => Float32Array | Int16Array;
  readonly isMask: boolean;
  /** What stands where it has no value. */
  readonly paddingValue: number;
};

/**
 * Another volume on the cells of a stack: the value at the place in the patient where the stack's cell has its centre, linear
 * between the other's cell centres, and padding more than half a cell beyond its outermost ones. Refused where the two do not say
 * that they share a frame of reference (PS3.3 §C.7.4.1.1.1), have no places, or show no place in common: all of it would be padding.
 */
export function registerSeries(
  stack: SourceStack,
  other: SourceStack,
  paddingValue: number,
): Result<PlaneBeside, { readonly code: 'mixed-frames-of-reference' | 'missing-geometry' | 'input-mismatch' }> {
  const planes = openStackPlanes(stack, paddingValue);
  const [ours, theirs] = [stack.frames[0]?.place ?? null, other.frames[0]?.place ?? null];
  const placed = other.frames.flatMap(({ place }) => place ?? []);
  const line = stackLine(placed);
  const pixelMm = other.frames[0]?.pixelMm ?? null;
  if (ours === null || theirs === null || line === null || pixelMm === null || placed.length < other.frames.length)
    return err({ code: 'missing-geometry' });
  if (ours.frameOfReferenceUid === null || ours.frameOfReferenceUid !== theirs.frameOfReferenceUid)
    return err({ code: 'mixed-frames-of-reference' });
  const placeOf = placesOf(stack, planes);
  const normal = cross(theirs.alongRow, theirs.alongColumn);
  const sample = (outside: number) => sampler(other.frames, line.heightsMm, line.middleStepMm, pixelMm, outside);
  const at = (valueAt: ReturnType<typeof sampler>, place: Vector) => {
    const offset = along(place, theirs.position, -1);
    const [downMm, acrossMm] = [dot(offset, theirs.alongColumn), dot(offset, theirs.alongRow)];
    return valueAt(dot(offset, normal), downMm, acrossMm, line.downMm, line.acrossMm);
  };
  const [slices, rows, columns] = planes.shape;
  const isShown = sample(Number.NaN);
  const spread = (cells: number) => SHARES.map((share) => share * (cells - 1));
  const isCommon = Array.from({ length: slices }, (_, slice) => slice).some((slice) =>
    spread(rows).some((row) =>
      spread(columns).some((column) => !Number.isNaN(at(isShown, placeOf(slice, row, column)))),
    ),
  );
  if (!isCommon) return err({ code: 'input-mismatch' });
  const valueAt = sample(paddingValue);
  return ok({
    isMask: false,
    paddingValue,
    planeAt(slice) {
      const corner = placeOf(slice, 0, 0);
      const [down, across] = [along(placeOf(slice, 1, 0), corner, -1), along(placeOf(slice, 0, 1), corner, -1)];
      const plane = new Float32Array(rows * columns);
      for (let row = 0; row < rows; row += 1) {
        const start = along(corner, down, row);
        for (let column = 0; column < columns; column += 1) {
          plane[row * columns + column] = at(valueAt, along(start, across, column));
        }
      }
      return plane;
    },
  });
}

/** Where along rows and columns is looked whether two volumes show a place in common: closer than any image is small. */
const SHARES = Array.from({ length: 33 }, (_, index) => index / 32);

/** A mask of frames on the cells of their stack, evened and set upright as the stack is; null where a frame has none. */
export function maskBeside(stack: SourceStack, maskOf: (frame: SourceFrame) => Int16Array | null): PlaneBeside | null {
  const frames: SourceFrame[] = [];
  for (const frame of stack.frames) {
    const values = maskOf(frame);
    if (values === null || values.length !== frame.rows * frame.columns) return null;
    frames.push({ ...frame, channels: 1, values });
  }
  const planes = openStackPlanes({ ...stack, frames }, 0);
  const isEmpty = frames.every(({ values }) => values.every((value) => value === 0));
  return { isMask: true, isEmpty, paddingValue: 0, planeAt: (slice) => planes.planeAt(0, slice) };
}

/** Where in the patient a cell of opened planes lies; all of them do, as their stack is a volume. */
function placesOf(stack: SourceStack, planes: StackPlanes): (slice: number, row: number, column: number) => Vector {
  const { shape, spacingMm, extentsMm, toStack, sliceOfFrame, channels } = planes;
  const about = { channels, paddingValues: [], objectStarts: [0] };
  const map = mapSource({ shape, spacingMm, extentsMm, toStack, sliceOfFrame, stack, ...about });
  return (slice, row, column) => {
    const place = map.toPatient(map.toSource([slice, row, column]));
    if (place === null) throw new Error('a volume without a place');
    return place;
  };
}

/** The value at a height above the first slice and millimetres down and across from its first pixel. */
function sampler(
  frames: readonly SourceFrame[],
  heightsMm: readonly number[],
  middleStepMm: number,
  [rowMm, columnMm]: readonly [number, number],
  paddingValue: number,
) {
  const last = frames.length - 1;
  const inPlane = (slice: number, downMm: number, acrossMm: number): number | null => {
    const { rows, columns, values } = frames[slice] as SourceFrame & { readonly place: FramePlace };
    const [row, column] = [downMm / rowMm, acrossMm / columnMm];
    if (row < -0.5 || column < -0.5 || row > rows - 0.5 || column > columns - 0.5) return null;
    const top = Math.min(Math.max(Math.floor(row), 0), rows - 1);
    const left = Math.min(Math.max(Math.floor(column), 0), columns - 1);
    const [bottom, right] = [Math.min(top + 1, rows - 1), Math.min(left + 1, columns - 1)];
    const byRow = Math.min(Math.max(row - top, 0), 1);
    const byColumn = Math.min(Math.max(column - left, 0), 1);
    const at = (r: number, c: number) => values[r * columns + c] as number;
    const upper = at(top, left) * (1 - byColumn) + at(top, right) * byColumn;
    return upper * (1 - byRow) + (at(bottom, left) * (1 - byColumn) + at(bottom, right) * byColumn) * byRow;
  };
  return (
    height: number,
    downMm: number,
    acrossMm: number,
    driftDown: readonly number[],
    driftAcross: readonly number[],
  ): number => {
    const first = (heightsMm[0] as number) - edgeOf(heightsMm, 0, middleStepMm);
    const end = (heightsMm[last] as number) + edgeOf(heightsMm, last, middleStepMm);
    if (height < first || height > end) return paddingValue;
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((heightsMm[middle] as number) <= height) low = middle;
      else high = middle;
    }
    const span = (heightsMm[high] as number) - (heightsMm[low] as number);
    const share = span > 0 ? Math.min(Math.max((height - (heightsMm[low] as number)) / span, 0), 1) : 0;
    const one = inPlane(low, downMm - (driftDown[low] as number), acrossMm - (driftAcross[low] as number));
    if (share === 0) return one ?? paddingValue;
    const two = inPlane(high, downMm - (driftDown[high] as number), acrossMm - (driftAcross[high] as number));
    if (one === null || two === null) return (share < 0.5 ? one : two) ?? paddingValue;
    return one * (1 - share) + two * share;
  };
}

/** Half of the step next to an end: so far beyond its middle the outermost slice reaches. */
function edgeOf(heightsMm: readonly number[], end: number, middleStepMm: number): number {
  if (heightsMm.length < 2) return middleStepMm / 2;
  const inner = end === 0 ? 1 : end - 1;
  return Math.abs((heightsMm[end] as number) - (heightsMm[inner] as number)) / 2;
}
