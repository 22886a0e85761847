import type { ModelSampling } from '../../../../shared/domain/model-preprocessing.ts';
import type { ModelSample, PreparedGrid } from './prepared-grid.ts';
import { type Axis, perAxis, type Triple } from './triple.ts';

/** How many samples a grid gives: what a run is asked to compute. */
export function countSamples(grid: Extents, sampling: ModelSampling): number {
  return originsOf(grid, sampling).length;
}

type Extents = Pick<PreparedGrid, 'shape' | 'objectStarts'>;

/**
 * Cuts a grid into what the model sees at a time, in order of slices, rows and columns, as many at once as the manifest's batch.
 * Patches overlap at least by the share asked for; the last one of an axis is moved back inside, and a grid smaller than a patch is
 * padded at its end. A sample is cut when it is asked for, and may be a view of the grid: not to be written to.
 */
export function* cutSamples(grid: PreparedGrid, sampling: ModelSampling): Generator<readonly ModelSample[]> {
  const origins = originsOf(grid, sampling);
  const batch = sampling.kind === 'volume' ? 1 : sampling.batch;
  for (let at = 0; at < origins.length; at += batch)
    yield origins.slice(at, at + batch).map((origin) => cutSample(grid, sampling, origin));
}

function originsOf({ shape, objectStarts }: Extents, sampling: ModelSampling): readonly Triple<number>[] {
  const [slices] = shape;
  switch (sampling.kind) {
    case 'volume':
      return [[0, 0, 0]];
    case 'slices':
      return Array.from({ length: slices }, (_, slice) => [slice, 0, 0]);
    case 'slabs': {
      const half = sampling.edges === 'leave-out' ? ((sampling.slices - 1) / 2) * sampling.every : 0;
      return Array.from({ length: Math.max(0, slices - 2 * half) }, (_, slice) => [slice + half, 0, 0]);
    }
    case 'patches': {
      const along = (axis: Axis) => patchStarts(shape[axis], sampling.size[axis], sampling.overlap);
      return along(0).flatMap((slice) =>
        along(1).flatMap((row) => along(2).map((column): Triple<number> => [slice, row, column])),
      );
    }
    case 'clips': {
      const reach = (sampling.frames - 1) * sampling.every + 1;
      const step = sampling.step ?? sampling.frames * sampling.every;
      return objectStarts.flatMap((start, index) => {
        const end = objectStarts[index + 1] ?? slices;
        const all = Array.from({ length: Math.ceil((end - start) / step) }, (_, clip) => start + clip * step);
        // A clip of nothing but what the one before it had says nothing more.
        const kept = all.filter((at, clip) =>
          sampling.ends === 'leave-out' ? at + reach <= end : clip === 0 || at + reach - step < end,
        );
        return kept.map((at): Triple<number> => [at, 0, 0]);
      });
    }
  }
}

/** As few patches as overlap by at least the share, spread evenly from the first cell to the last. */
function patchStarts(cells: number, size: number, overlap: number): readonly number[] {
  const last = Math.max(0, cells - size);
  const step = Math.max(1, Math.floor(size * (1 - overlap)));
  const starts = Array.from({ length: Math.ceil(last / step) + 1 }, (_, index) => Math.min(index * step, last));
  return starts;
}

function cutSample(grid: PreparedGrid, sampling: ModelSampling, origin: Triple<number>): ModelSample {
  const { shape, channels } = grid;
  switch (sampling.kind) {
    case 'volume':
      return { origin, size: shape, channels, depth: shape[0], values: grid.values };
    case 'slices':
      return { ...slicesOf(grid, [origin[0]]), origin };
    case 'slabs': {
      const half = (sampling.slices - 1) / 2;
      const slices = Array.from({ length: sampling.slices }, (_, index) => {
        return Math.min(Math.max(origin[0] + (index - half) * sampling.every, 0), shape[0] - 1);
      });
      return { ...slicesOf(grid, slices), origin };
    }
    case 'clips': {
      const end = grid.objectStarts.find((start) => start > origin[0]) ?? shape[0];
      const frames = Array.from({ length: sampling.frames }, (_, index) => {
        return Math.min(origin[0] + index * sampling.every, end - 1);
      });
      const reach = Math.min((sampling.frames - 1) * sampling.every + 1, end - origin[0]);
      return { ...slicesOf(grid, frames), origin, size: [reach, shape[1], shape[2]] };
    }
    case 'patches':
      return {
        origin,
        size: sampling.size,
        channels,
        depth: sampling.size[0],
        values: patchOf(grid, origin, sampling.size),
      };
  }
}

function slicesOf({ values, shape, channels }: PreparedGrid, slices: readonly number[]): Omit<ModelSample, 'origin'> {
  const area = shape[1] * shape[2];
  const planeAt = (channel: number, slice: number) => {
    const at = (channel * shape[0] + slice) * area;
    return values.subarray(at, at + area);
  };
  const size = [1, shape[1], shape[2]] as const;
  const [only] = slices;
  if (channels === 1 && slices.length === 1 && only !== undefined)
    return { size, channels, depth: 1, values: planeAt(0, only) };
  const all = new Float32Array(channels * slices.length * area);
  for (let channel = 0; channel < channels; channel += 1)
    for (const [index, slice] of slices.entries())
      all.set(planeAt(channel, slice), (channel * slices.length + index) * area);
  return { size, channels, depth: slices.length, values: all };
}

function patchOf(grid: PreparedGrid, origin: Triple<number>, size: Triple<number>): Float32Array {
  const { values, shape, channels, paddingValues } = grid;
  const volume = size[0] * size[1] * size[2];
  const patch = new Float32Array(channels * volume);
  const [slices, rows, columns] = perAxis((axis) => Math.min(size[axis], shape[axis] - origin[axis]));
  for (let channel = 0; channel < channels; channel += 1) {
    if (slices * rows * columns < volume)
      patch.fill(paddingValues[channel] ?? 0, channel * volume, (channel + 1) * volume);
    for (let slice = 0; slice < slices; slice += 1)
      for (let row = 0; row < rows; row += 1) {
        const from = ((channel * shape[0] + origin[0] + slice) * shape[1] + origin[1] + row) * shape[2] + origin[2];
        patch.set(values.subarray(from, from + columns), ((channel * size[0] + slice) * size[1] + row) * size[2]);
      }
  }
  return patch;
}
