import type { FramePlace } from './prepared-grid.ts';
import { along, cross, dot, type Vector } from './vector.ts';

/** How parallel slices follow each other: along their normal, and sideways in their own plane. */
export type StackLine = {
  /** Steps along the normal; none of a single slice. */
  readonly stepsMm: readonly number[];
  /** The step that is in the middle of all; of a single slice its thickness. */
  readonly middleStepMm: number;
  /** Millimetres along the normal from the first slice. */
  readonly heightsMm: readonly number[];
  /** How far each slice's first pixel has moved from the first slice's, along columns (with growing rows) and along rows. */
  readonly downMm: readonly number[];
  readonly acrossMm: readonly number[];
  /** Angle between the line from the first slice to the last and the normal, or of any slice's own if larger; 0 to 90. */
  readonly tiltDegrees: number;
  /** Every slice lies within half a millimetre of that line. */
  readonly isStraight: boolean;
};

const STRAIGHT_WITHIN_MM = 0.5;

/** Measures slices that are parallel and in order along the normal of the first; null of a single one of unknown thickness. */
export function stackLine(places: readonly FramePlace[]): StackLine | null {
  const [first] = places;
  if (first === undefined) return null;
  const normal = cross(first.alongRow, first.alongColumn);
  const offsets = places.map(({ position }): Vector => along(position, first.position, -1));
  const heightsMm = offsets.map((offset) => dot(offset, normal));
  const downMm = offsets.map((offset) => dot(offset, first.alongColumn));
  const acrossMm = offsets.map((offset) => dot(offset, first.alongRow));
  const stepsMm = heightsMm.slice(1).map((height, index) => height - (heightsMm[index] as number));
  const sorted = stepsMm.toSorted((a, b) => a - b);
  const middleStepMm = sorted[Math.floor(sorted.length / 2)] ?? first.thicknessMm;
  if (middleStepMm === null) return null;
  const height = heightsMm.at(-1) as number;
  const slope = (sidewaysMm: readonly number[]) => (height > 0 ? (sidewaysMm.at(-1) as number) / height : 0);
  const [down, across] = [slope(downMm), slope(acrossMm)];
  const bends = heightsMm.map((at, index) => {
    return Math.hypot((downMm[index] as number) - down * at, (acrossMm[index] as number) - across * at);
  });
  const isStraight = Math.max(...bends) <= STRAIGHT_WITHIN_MM;
  const steepest = isStraight ? 0 : Math.max(...stepsMm.map((step, index) => bendStep(bends, index) / step));
  return {
    stepsMm,
    middleStepMm,
    heightsMm,
    downMm,
    acrossMm,
    tiltDegrees: (Math.atan(Math.max(Math.hypot(down, across), steepest)) * 180) / Math.PI,
    isStraight,
  };
}

function bendStep(bends: readonly number[], index: number): number {
  return Math.abs((bends[index + 1] as number) - (bends[index] as number));
}
