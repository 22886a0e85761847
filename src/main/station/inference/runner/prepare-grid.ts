import type { IntensityStep, PreparingStep, Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type AxisWeights, interpolationWeights, shiftedAxis } from './axis-weights.ts';
import { changeValues, isBySlice, type ValueGroup } from './change-values.ts';
import { turnTowards } from './orient-grid.ts';
import type { PreparedGrid, SourceStack } from './prepared-grid.ts';
import { openStackPlanes } from './stack-planes.ts';
import { type Axis, perAxis, type Triple } from './triple.ts';
import { cellsOf, owned, planesOf, reweighGrid, startGrid, type WorkingGrid } from './working-grid.ts';

/** Version of this preprocessing in receipts: it changes whenever the same series would give other numbers. */
export const PREPROCESSING_VERSION = 'grid/1';

/** `not-calibrated`: a step in millimetres on an axis that has none. `grid-too-large`: more than 2 GiB of numbers. */
export type PrepareFailure = { readonly code: 'not-calibrated' | 'grid-too-large' };

const MOST_CELLS = 2 ** 29;
type GeometryStep = Exclude<PreparingStep, IntensityStep>;

/**
 * Carries out the steps of a manifest on a stack, in order, and keeps account of where each cell came from. Cell centres are what
 * interpolation looks at; beyond an edge the outermost cell goes on. A resampled axis has cells of exactly the millimetres asked
 * for, as many as fit best, its middle where the old one had it; a resized one covers exactly what it covered before. Of images,
 * `grid` in an intensity step means each image by itself. In colour all channels of a step are looked at together, those of the
 * manifest's `channels` each by itself. Memory: one copy of the grid before and after a step that changes its shape, and one more
 * for each channel beyond the first.
 */
export function prepareGrid(stack: SourceStack, how: Preprocessing): Result<PreparedGrid, PrepareFailure> {
  const { source, steps } = how;
  const planes = openStackPlanes(stack, source.paddingValue);
  let grid = startGrid(planes);
  let padding = source.paddingValue;
  const isOfImages = stack.arrangement === 'images';
  for (const step of steps) {
    if (isGeometry(step)) {
      const next = reshape(grid, stack, step, padding);
      if (!next.ok) return next;
      grid = next.value;
    } else {
      if (cellsOf(grid.channels, grid.shape) > MOST_CELLS) return err({ code: 'grid-too-large' });
      const own = owned(grid);
      const all = Array.from({ length: grid.channels }, (_, channel) => channel);
      padding = changeGrid(step, own, all, isOfImages, padding);
      grid = own;
    }
  }
  const withChannels = makeChannels(grid, how, isOfImages, padding);
  if (!withChannels.ok) return withChannels;
  const { grid: prepared, paddings } = withChannels.value;
  return ok({
    values: prepared.values,
    channels: prepared.channels,
    shape: prepared.shape,
    spacingMm: prepared.spacingMm,
    extentsMm: isOfImages ? null : extentsOfSlices(prepared),
    toStack: prepared.toStack,
    sliceOfFrame: planes.sliceOfFrame,
    paddingValues: paddings,
    stack,
  });
}

function extentsOfSlices({ extentsMm, spacingMm, shape }: WorkingGrid): readonly number[] | null {
  const [slicesMm] = spacingMm;
  return extentsMm[0] ?? (slicesMm === null ? null : Array.from({ length: shape[0] }, () => slicesMm));
}

function isGeometry(step: PreparingStep): step is GeometryStep {
  return ['orient', 'resample', 'resize', 'crop-or-pad', 'pad-to-multiple'].includes(step.do);
}

function reshape(
  grid: WorkingGrid,
  stack: SourceStack,
  step: GeometryStep,
  padding: number,
): Result<WorkingGrid, PrepareFailure> {
  if (step.do === 'orient') {
    const isTooLarge = cellsOf(grid.channels, grid.shape) > MOST_CELLS;
    return isTooLarge ? err({ code: 'grid-too-large' }) : ok(turnTowards(grid, stack, step.towards));
  }
  if (step.do === 'resample' && step.spacingMm.some((mm, axis) => mm !== null && grid.spacingMm[axis] === null))
    return err({ code: 'not-calibrated' });
  const counts = countsOf(grid, step);
  if (cellsOf(grid.channels, counts) > MOST_CELLS) return err({ code: 'grid-too-large' });
  const axes = perAxis((axis) => axisOf(grid, step, axis, counts[axis]));
  if (axes.every((axis) => axis === null)) return ok(grid);
  const own = 'paddingValue' in step ? step.paddingValue : undefined;
  return ok(reweighGrid(grid, axes, own ?? padding));
}

/** How many cells each axis will have. */
function countsOf(grid: WorkingGrid, step: Exclude<GeometryStep, { do: 'orient' }>): Triple<number> {
  const per = (count: (axis: Axis, cells: number) => number | null): Triple<number> => {
    return perAxis((axis) => Math.max(1, count(axis, grid.shape[axis]) ?? grid.shape[axis]));
  };
  switch (step.do) {
    case 'resample':
      return per((axis, cells) => {
        const [mm, was] = [step.spacingMm[axis], grid.spacingMm[axis] ?? null];
        return mm === null || was === null ? null : Math.round((cells * was) / mm);
      });
    case 'resize': {
      if (step.aspect === 'stretch') return per((axis) => step.to[axis]);
      const scales = step.to.flatMap((to, axis) => (to === null ? [] : [to / (grid.shape[axis] as number)]));
      const scale = step.aspect === 'fit' ? Math.min(...scales) : Math.max(...scales);
      return per((axis, cells) => (step.to[axis] === null ? null : Math.round(cells * scale)));
    }
    case 'crop-or-pad':
      return per((axis) => step.to[axis]);
    case 'pad-to-multiple':
      return per((axis, cells) => Math.ceil(cells / (step.of[axis] ?? 1)) * (step.of[axis] ?? 1));
  }
}

/** Null where an axis stays as it is. */
function axisOf(
  grid: WorkingGrid,
  step: Exclude<GeometryStep, { do: 'orient' }>,
  axis: Axis,
  count: number,
): AxisWeights | null {
  const from = grid.shape[axis];
  if (step.do === 'resample' || step.do === 'resize') {
    const mm = step.do === 'resample' ? step.spacingMm[axis] : null;
    const scale = mm === null ? from / count : mm / (grid.spacingMm[axis] as number);
    const isAsItWas = count === from && Math.abs(scale - 1) < 1e-9;
    if (isAsItWas || (step.do === 'resample' && mm === null)) return null;
    const offset = (from - 1) / 2 - ((count - 1) / 2) * scale;
    return interpolationWeights(from, { count, scale, offset }, step.interpolation, step.antialias);
  }
  if (count === from) return null;
  const over = count - from;
  const anchor = step.do === 'crop-or-pad' ? step.anchor : 'start';
  // An odd cell is cut off or added at the end.
  const before = { start: 0, centre: over > 0 ? Math.floor(over / 2) : -Math.floor(-over / 2), end: over }[anchor];
  return shiftedAxis(from, count, 0 - before);
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

/** The channels of a manifest: each list of steps on a grey grid of its own; in colour, one list for all three or one for each. */
function makeChannels(
  grid: WorkingGrid,
  how: Preprocessing,
  isOfImages: boolean,
  padding: number,
): Result<Channelled, PrepareFailure> {
  const lists = how.channels;
  const isColour = how.source.colour !== 'grey';
  const count = isColour ? 3 : lists.length;
  if (cellsOf(count, grid.shape) > MOST_CELLS) return err({ code: 'grid-too-large' });
  const spread =
    grid.channels === count && how.source.colour !== 'bgr' ? owned(grid) : spreadChannels(grid, count, how);
  const paddings = Array.from({ length: count }, (_, channel) => {
    const list = (lists.length === 1 ? lists[0] : lists[channel]) ?? [];
    return list.reduce((was, step) => changeGrid(step, spread, [channel], isOfImages, was), padding);
  });
  return ok({ grid: spread, paddings });
}

/** As many channels as are wanted: grey ones all alike, colours in the order asked for. */
function spreadChannels(grid: WorkingGrid, count: number, { source }: Preprocessing): Channelled['grid'] {
  const from = (channel: number) => (grid.channels === 1 ? 0 : source.colour === 'bgr' ? 2 - channel : channel);
  const planeAt: WorkingGrid['planeAt'] = (channel, slice) => grid.planeAt(from(channel), slice);
  return owned({ ...grid, channels: count, planeAt, values: null });
}
