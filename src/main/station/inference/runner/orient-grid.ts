import type { PreparingStep } from '../../../../shared/domain/model-preprocessing.ts';
import type { FramePlace, SourceStack } from './prepared-grid.ts';
import { cross, dot, type Vector } from './vector.ts';
import { type Axis, perAxis, type Triple } from './triple.ts';
import { turnGrid, type WorkingGrid } from './working-grid.ts';

type Direction = Extract<PreparingStep, { do: 'orient' }>['towards'][number];

/** To where each letter points in the patient (LPS; PS3.3 §C.7.6.1.1.1). */
const DIRECTIONS: Readonly<Record<Direction, Vector>> = {
  L: [1, 0, 0],
  R: [-1, 0, 0],
  P: [0, 1, 0],
  A: [0, -1, 0],
  S: [0, 0, 1],
  I: [0, 0, -1],
};
const ORDERS: readonly Triple<Axis>[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** Turns a volume's grid by whole axes so that each grows most nearly in the direction named; an oblique one stays oblique. */
export function turnTowards(grid: WorkingGrid, stack: SourceStack, towards: Triple<Direction>): WorkingGrid {
  const place = stack.frames[0]?.place;
  if (!place) return grid; // the manifest allows no turning of what has no place
  const axes = directionsOf(grid, place);
  const cosine = (axis: Axis, from: Axis) => dot(DIRECTIONS[towards[axis]], axes[from]);
  const score = (from: Triple<Axis>) =>
    perAxis((axis) => Math.abs(cosine(axis, from[axis]))).reduce((sum, one) => sum + one);
  const best = ORDERS.reduce((one, other) => (score(other) > score(one) + 1e-9 ? other : one));
  return turnGrid(
    grid,
    best,
    perAxis((axis) => cosine(axis, best[axis]) < 0),
  );
}

/** Where the grid's axes point in the patient: along which of the stack's axes each runs, and to which side. */
function directionsOf({ toStack }: WorkingGrid, { alongRow, alongColumn }: FramePlace): Triple<Vector> {
  const ofStack: Triple<Vector> = [cross(alongRow, alongColumn), alongColumn, alongRow];
  return perAxis((axis) => {
    const slope = perAxis((own) => toStack[own][axis]);
    // What runs along the slices of a sheared stack moves in rows and columns too; nothing else runs along the slices.
    const own = slope[0] !== 0 ? 0 : Math.abs(slope[1]) > Math.abs(slope[2]) ? 1 : 2;
    return perAxis((part) => ofStack[own][part] * Math.sign(slope[own]));
  });
}
