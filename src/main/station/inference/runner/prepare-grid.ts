import {
  countChannels,
  GRID_AXES,
  type IntensityStep,
  type PreparingStep,
  type Preprocessing,
} from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type AxisWeights, interpolationWeights, shiftedAxis } from './axis-weights.ts';
import { changeValues, isBySlice, type ValueGroup } from './change-values.ts';
import { equalisePlane } from './clahe.ts';
import { isHeavierAtEnd, spansOf } from './grid-spans.ts';
import { turnTowards } from './orient-grid.ts';
import type { PlaneBeside } from './planes-beside.ts';
import type { PreparedGrid, SourceStack } from './prepared-grid.ts';
import { openStackPlanes } from './stack-planes.ts';
import { type Axis, perAxis, type Triple } from './triple.ts';
import { cellsOf, owned, planesOf, reweighGrid, startGrid, turnGrid, type WorkingGrid } from './working-grid.ts';

/** Version of this preprocessing in receipts: it changes whenever the same series would give other numbers. */
export const PREPROCESSING_VERSION = 'grid/2';

/** `not-calibrated`: a step in millimetres on an axis that has none. `grid-too-large`: more than 2 GiB of numbers. */
export type PrepareFailure = { readonly code: 'not-calibrated' | 'grid-too-large' };

const MOST_CELLS = 2 ** 29;
type GeometryStep = Exclude<PreparingStep, IntensityStep | { do: 'mask' }>;

/**
 * Carries out the steps of a manifest on a stack, in order, and keeps account of where each cell came from. Cell centres are what
 * interpolation looks at; beyond an edge the outermost cell goes on. A resampled axis has cells of exactly the millimetres asked
 * for, as many as fit best, its middle where the old one had it; a resized one covers exactly what it covered before. Of images,
 * `grid` in an intensity step means each image by itself. In colour all channels of a step are looked at together, those of the
 * manifest's `channels` each by itself. Memory: one copy of the grid before and after a step that changes its shape, and one more
 * for each channel beyond the first.
 */
export function prepareGrid(
  stack: SourceStack,
  how: Preprocessing,
  beside: readonly PlaneBeside[] = [],
): Result<PreparedGrid, PrepareFailure> {
  const { source, steps } = how;
  const planes = openStackPlanes(stack, source.paddingValue);
  let grid = withPlanes(startGrid(planes), beside);
  // Planes are looked at each by itself, the colours of one image together.
  const together = beside.length > 0 ? seriesPlanes(beside).map((plane) => [plane]) : [countUp(grid.channels)];
  let paddings = [source.paddingValue, ...beside.map(({ paddingValue }) => paddingValue)];
  const isOfImages = stack.arrangement === 'images';
  for (const step of steps) {
    if (step.do !== 'mask' && isGeometry(step)) {
      const next = reshape(grid, stack, step, paddings);
      if (!next.ok) return next;
      grid = next.value;
      continue;
    }
    if (cellsOf(grid.channels, grid.shape) > MOST_CELLS) return err({ code: 'grid-too-large' });
    const own = owned(grid);
    if (step.do === 'mask') leaveWhere(step, own, seriesPlanes(beside));
    else if (!isGeometry(step))
      for (const channels of together) {
        const [first = 0] = channels;
        paddings = paddings.with(first, changeGrid(step, own, channels, isOfImages, paddings[first] as number));
      }
    grid = own;
  }
  const withChannels = makeChannels(grid, how, isOfImages, paddings);
  if (!withChannels.ok) return withChannels;
  const { grid: prepared, paddings: paddingValues } = withChannels.value;
  return ok({
    values: prepared.values,
    channels: prepared.channels,
    shape: prepared.shape,
    spacingMm: prepared.spacingMm,
    extentsMm: isOfImages ? null : extentsOfSlices(prepared),
    toStack: prepared.toStack,
    sliceOfFrame: planes.sliceOfFrame,
    paddingValues,
    objectStarts: objectStarts(stack, prepared.shape[0]),
    stack,
  });
}

/** Where on the first axis another object begins; of a volume, or of images whose axis was made anew, only at the start. */
function objectStarts({ arrangement, frames }: SourceStack, slices: number): readonly number[] {
  if (arrangement === 'volume' || frames.length !== slices) return [0];
  return frames.flatMap(({ sopUid }, index) => (index === 0 || sopUid !== frames[index - 1]?.sopUid ? [index] : []));
}

function extentsOfSlices({ extentsMm, spacingMm, shape }: WorkingGrid): readonly number[] | null {
  const [slicesMm] = spacingMm;
  return extentsMm[0] ?? (slicesMm === null ? null : Array.from({ length: shape[0] }, () => slicesMm));
}

/** A grid with planes beside its own. */
function withPlanes(grid: WorkingGrid, beside: readonly PlaneBeside[]): WorkingGrid {
  if (beside.length === 0) return grid;
  const planeAt: WorkingGrid['planeAt'] = (channel, slice) =>
    channel === 0 ? grid.planeAt(0, slice) : (beside[channel - 1] as PlaneBeside).planeAt(slice);
  return { ...grid, channels: beside.length + 1, planeAt };
}

function countUp(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The planes that are series, and no masks. */
function seriesPlanes(beside: readonly PlaneBeside[]): readonly number[] {
  return countUp(beside.length + 1).filter((plane) => plane === 0 || beside[plane - 1]?.isMask === false);
}

/** Sets the values of some channels where a plane is below a half. */
function leaveWhere(
  { plane, outside }: Extract<PreparingStep, { do: 'mask' }>,
  { values, shape }: WorkingGrid & { readonly values: Float32Array },
  channels: readonly number[],
): void {
  const size = shape[0] * shape[1] * shape[2];
  const mask = values.subarray(plane * size, (plane + 1) * size);
  for (const channel of channels) {
    if (channel === plane) continue;
    for (let cell = 0; cell < size; cell += 1)
      if (!((mask[cell] as number) >= 0.5)) values[channel * size + cell] = outside;
  }
}

function isGeometry(step: PreparingStep): step is GeometryStep {
  return GEOMETRY.has(step.do);
}

const GEOMETRY: ReadonlySet<PreparingStep['do']> = new Set([
  ...(['orient', 'resample', 'resize', 'flip', 'transpose', 'face'] as const),
  ...(['crop-or-pad', 'pad-to-multiple', 'crop-to-content', 'trim', 'square'] as const),
]);

/** Whether what a manifest's steps do to one image's shape or direction hangs on its values: each image is then a stack of its own. */
export function isByContent({ steps }: Pick<Preprocessing, 'steps'>): boolean {
  return steps.some(
    (step) =>
      step.do === 'crop-to-content' || step.do === 'face' || (step.do === 'crop-or-pad' && step.about !== undefined),
  );
}

function reshape(
  grid: WorkingGrid,
  stack: SourceStack,
  step: GeometryStep,
  paddings: readonly number[],
): Result<WorkingGrid, PrepareFailure> {
  if (step.do === 'orient') {
    const isTooLarge = cellsOf(grid.channels, grid.shape) > MOST_CELLS;
    return isTooLarge ? err({ code: 'grid-too-large' }) : ok(turnTowards(grid, stack, step.towards));
  }
  if (step.do === 'flip' || step.do === 'transpose' || step.do === 'face') {
    if (cellsOf(grid.channels, grid.shape) > MOST_CELLS) return err({ code: 'grid-too-large' });
    return ok(turned(grid, step));
  }
  if (step.do === 'resample' && step.spacingMm.some((mm, axis) => mm !== null && grid.spacingMm[axis] === null))
    return err({ code: 'not-calibrated' });
  if (step.do !== 'resample' && step.do !== 'resize') {
    const spans = spansOf(grid, step, stack.arrangement === 'images');
    if (
      cellsOf(
        grid.channels,
        perAxis((axis) => spans[axis].count),
      ) > MOST_CELLS
    )
      return err({ code: 'grid-too-large' });
    const axes = perAxis((axis) => {
      const { first, count } = spans[axis];
      return first === 0 && count === grid.shape[axis] ? null : shiftedAxis(grid.shape[axis], count, first);
    });
    if (axes.every((axis) => axis === null)) return ok(grid);
    const own = 'paddingValue' in step ? step.paddingValue : undefined;
    return ok(reweighGrid(grid, axes, own === undefined ? paddings : [own]));
  }
  const counts = countsOf(grid, step);
  if (cellsOf(grid.channels, counts) > MOST_CELLS) return err({ code: 'grid-too-large' });
  const axes = perAxis((axis) => axisOf(grid, step, axis, counts[axis]));
  return ok(axes.every((axis) => axis === null) ? grid : reweighGrid(grid, axes, paddings));
}

function turned(grid: WorkingGrid, step: Extract<GeometryStep, { do: 'flip' | 'transpose' | 'face' }>): WorkingGrid {
  if (step.do === 'transpose') return turnGrid(grid, [0, 2, 1], [false, false, false]);
  if (step.do === 'flip')
    return turnGrid(
      grid,
      [0, 1, 2],
      perAxis((axis) => step.axes.includes(GRID_AXES[axis])),
    );
  const axis = step.axis === 'rows' ? 1 : 2;
  const isAsWanted = isHeavierAtEnd(grid, axis) === (step.heavier === 'end');
  return isAsWanted ? grid : turnGrid(grid, [0, 1, 2], [false, axis === 1, axis === 2]);
}

type Resampling = Extract<GeometryStep, { do: 'resample' | 'resize' }>;

/** How many cells each axis will have. */
function countsOf(grid: WorkingGrid, step: Resampling): Triple<number> {
  const per = (count: (axis: Axis, cells: number) => number | null): Triple<number> => {
    return perAxis((axis) => Math.max(1, count(axis, grid.shape[axis]) ?? grid.shape[axis]));
  };
  if (step.do === 'resample')
    return per((axis, cells) => {
      const [mm, was] = [step.spacingMm[axis], grid.spacingMm[axis] ?? null];
      return mm === null || was === null ? null : Math.round((cells * was) / mm);
    });
  if (step.aspect === 'stretch') return per((axis) => step.to[axis]);
  const scales = step.to.flatMap((to, axis) => (to === null ? [] : [to / (grid.shape[axis] as number)]));
  const scale = step.aspect === 'fit' ? Math.min(...scales) : Math.max(...scales);
  return per((axis, cells) => (step.to[axis] === null ? null : Math.round(cells * scale)));
}

/** Null where an axis stays as it is. */
function axisOf(grid: WorkingGrid, step: Resampling, axis: Axis, count: number): AxisWeights | null {
  const from = grid.shape[axis];
  const mm = step.do === 'resample' ? step.spacingMm[axis] : null;
  const scale = mm === null ? from / count : mm / (grid.spacingMm[axis] as number);
  const isAsItWas = count === from && Math.abs(scale - 1) < 1e-9;
  if (isAsItWas || (step.do === 'resample' && mm === null)) return null;
  const offset = (from - 1) / 2 - ((count - 1) / 2) * scale;
  return interpolationWeights(from, { count, scale, offset }, step.interpolation, step.antialias);
}

/** One intensity step on some channels of a grid, in place: what becomes of padding is told. */
function changeGrid(
  step: IntensityStep,
  grid: WorkingGrid & { readonly values: Float32Array },
  channels: readonly number[],
  isOfImages: boolean,
  padding: number,
): number {
  const [slices, rows, columns] = grid.shape;
  const planesAt = planesOf(grid.values, grid.shape);
  if (step.do === 'clahe') {
    for (const channel of channels)
      for (let slice = 0; slice < slices; slice += 1)
        equalisePlane(planesAt(channel, slice) as Float32Array, [rows, columns], step);
    return Math.min(255, Math.max(0, Math.round(padding)));
  }
  const size = slices * rows * columns;
  const groups: readonly ValueGroup[] =
    isBySlice(step) || isOfImages
      ? Array.from({ length: slices }, (_, slice) =>
          channels.map((channel) => planesAt(channel, slice) as Float32Array),
        )
      : [channels.map((channel) => grid.values.subarray(channel * size, (channel + 1) * size))];
  const paddings = groups.map((group) => changeValues(step, group)(padding));
  return paddings.reduce((sum, one) => sum + one, 0) / paddings.length;
}

type Channelled = {
  readonly grid: WorkingGrid & { readonly values: Float32Array };
  readonly paddings: readonly number[];
};

/** The channels of a manifest: each list of steps on a grey grid of its own, or on a plane; in colour, one list for all three or one for each. */
function makeChannels(
  grid: WorkingGrid,
  how: Preprocessing,
  isOfImages: boolean,
  planePaddings: readonly number[],
): Result<Channelled, PrepareFailure> {
  const lists = how.channels;
  const count = countChannels(how);
  if (cellsOf(count, grid.shape) > MOST_CELLS) return err({ code: 'grid-too-large' });
  const spread =
    grid.channels === count && how.source.colour !== 'bgr' && how.channelPlanes === undefined
      ? owned(grid)
      : spreadChannels(grid, count, how);
  const paddings = Array.from({ length: count }, (_, channel) => {
    const list = (lists.length === 1 ? lists[0] : lists[channel]) ?? [];
    const plane = how.planes.length === 0 ? 0 : (how.channelPlanes?.[channel] ?? channel);
    const padding = planePaddings[plane] as number;
    return list.reduce((was, step) => changeGrid(step, spread, [channel], isOfImages, was), padding);
  });
  return ok({ grid: spread, paddings });
}

/** As many channels as are wanted: grey ones all alike, colours in the order asked for. */
function spreadChannels(
  grid: WorkingGrid,
  count: number,
  { source, channelPlanes }: Preprocessing,
): Channelled['grid'] {
  const from = (channel: number) => {
    if (grid.channels === 1) return 0;
    return source.colour === 'bgr' ? 2 - channel : (channelPlanes?.[channel] ?? channel);
  };
  const planeAt: WorkingGrid['planeAt'] = (channel, slice) => grid.planeAt(from(channel), slice);
  return owned({ ...grid, channels: count, planeAt, values: null });
}
