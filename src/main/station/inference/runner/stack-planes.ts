import { type Affine, IDENTITY } from './affine.ts';
import type { FramePlace, SourceFrame, SourceStack } from './prepared-grid.ts';
import { type StackLine, stackLine } from './stack-line.ts';

/** A stack as planes of one size, each made when asked for, evened and set upright where the stack says so. */
export type StackPlanes = {
  readonly channels: 1 | 3;
  readonly shape: readonly [number, number, number];
  /** One channel of one slice, row by row. Never written to: it may be the frame's own. */
  readonly planeAt: (channel: number, slice: number) => Float32Array | Int16Array;
  readonly toStack: Affine;
  readonly sliceOfFrame: readonly number[] | null;
  readonly spacingMm: readonly [number | null, number | null, number | null];
  /** Millimetres that each slice stands for; null for images. */
  readonly extentsMm: readonly number[] | null;
};

/** Opens a stack. `paddingValue` stands where an upright grid reaches beyond a tilted slice. */
export function openStackPlanes(stack: SourceStack, paddingValue: number): StackPlanes {
  const first = stack.frames[0] as SourceFrame;
  const pixelMm = first.pixelMm ?? ([null, null] as const);
  const channels = stack.frames.some((frame) => frame.channels === 3) ? 3 : 1;
  const plain: StackPlanes = {
    channels,
    shape: [stack.frames.length, first.rows, first.columns],
    planeAt: (channel, slice) => channelOf(stack.frames[slice] as SourceFrame, channel),
    toStack: IDENTITY,
    sliceOfFrame: null,
    spacingMm: [null, ...pixelMm],
    extentsMm: null,
  };
  const places = stack.frames.map(({ place }) => place).filter((place): place is FramePlace => place !== null);
  const line = stack.arrangement === 'volume' ? stackLine(places) : null;
  if (line === null || first.pixelMm === null) return plain;
  const taken: StackPlanes = {
    ...plain,
    spacingMm: [meanStep(line), ...pixelMm],
    extentsMm: halfWays(line),
  };
  const upright = stack.corrections.includes('tilt-sheared') ? sheared(taken, line, first.pixelMm, paddingValue) : null;
  return stack.corrections.includes('steps-evened')
    ? evened(upright?.planes ?? taken, line, upright?.shearPerMm ?? [0, 0])
    : (upright?.planes ?? taken);
}

function channelOf({ values, channels, rows, columns }: SourceFrame, channel: number): Float32Array | Int16Array {
  if (channels === 1) return values;
  const plane = new Float32Array(rows * columns);
  for (let pixel = 0; pixel < plane.length; pixel += 1) plane[pixel] = values[3 * pixel + channel] as number;
  return plane;
}

function meanStep({ stepsMm, middleStepMm }: StackLine): number {
  return stepsMm.length === 0 ? middleStepMm : stepsMm.reduce((sum, step) => sum + step, 0) / stepsMm.length;
}

/** Each slice stands for half of the way to either neighbour, the outermost ones for as much outwards. */
function halfWays({ stepsMm, heightsMm, middleStepMm }: StackLine): readonly number[] {
  return heightsMm.map((_, index) => {
    const before = stepsMm[index - 1] ?? stepsMm[index] ?? middleStepMm;
    return (before + (stepsMm[index] ?? before)) / 2;
  });
}

type Sheared = { readonly planes: StackPlanes; readonly shearPerMm: readonly [number, number] };

/**
 * Sets a tilted stack upright: each slice is moved in its own plane (linear) to where the first one stands, on a grid so much
 * larger that nothing is cut off.
 */
function sheared(planes: StackPlanes, line: StackLine, pixelMm: readonly [number, number], padding: number): Sheared {
  const [slices, rows, columns] = planes.shape;
  const height = line.heightsMm.at(-1) as number;
  const down = line.downMm.map((mm) => mm / pixelMm[0]);
  const across = line.acrossMm.map((mm) => mm / pixelMm[1]);
  const [top, left] = [Math.floor(Math.min(0, ...down)), Math.floor(Math.min(0, ...across))] as const;
  const [bottom, right] = [Math.ceil(Math.max(0, ...down)), Math.ceil(Math.max(0, ...across))] as const;
  const size = [rows + bottom - top, columns + right - left] as const;
  const perMm = [(down.at(-1) as number) / height, (across.at(-1) as number) / height] as const;
  const perSlice = height / (slices - 1);
  return {
    shearPerMm: perMm,
    planes: {
      ...planes,
      shape: [slices, ...size],
      planeAt: (channel, slice) => {
        const by = [top - (down[slice] as number), left - (across[slice] as number)] as const;
        return moved(planes.planeAt(channel, slice), [rows, columns], size, by, padding);
      },
      toStack: [
        [1, 0, 0, 0],
        [0 - perMm[0] * perSlice, 1, 0, top],
        [0 - perMm[1] * perSlice, 0, 1, left],
      ],
    },
  };
}

/** A plane whose cell (row, column) is the old one's (row + by[0], column + by[1]), linear within it, padding beyond. */
function moved(
  plane: Float32Array | Int16Array,
  [rows, columns]: readonly [number, number],
  [newRows, newColumns]: readonly [number, number],
  by: readonly [number, number],
  padding: number,
): Float32Array {
  const out = new Float32Array(newRows * newColumns).fill(padding);
  const taps = (index: number, count: number, shift: number) => {
    const at = index + shift;
    if (at < -0.5 || at > count - 0.5) return null;
    const low = Math.min(Math.max(Math.floor(at), 0), count - 1);
    return { low, high: Math.min(low + 1, count - 1), share: Math.min(Math.max(at - low, 0), 1) };
  };
  const columnTaps = Array.from({ length: newColumns }, (_, column) => taps(column, columns, by[1]));
  for (let row = 0; row < newRows; row += 1) {
    const vertical = taps(row, rows, by[0]);
    if (vertical === null) continue;
    const [upper, lower] = [vertical.low * columns, vertical.high * columns];
    for (let column = 0; column < newColumns; column += 1) {
      const tap = columnTaps[column];
      if (!tap) continue;
      const above = mix(plane[upper + tap.low] as number, plane[upper + tap.high] as number, tap.share);
      const below = mix(plane[lower + tap.low] as number, plane[lower + tap.high] as number, tap.share);
      out[row * newColumns + column] = mix(above, below, vertical.share);
    }
  }
  return out;
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** Slices at even steps of the middle one, as many as the stack is high, its middle in the middle (linear). */
function evened(planes: StackPlanes, line: StackLine, shearPerMm: readonly [number, number]): StackPlanes {
  const { heightsMm, stepsMm, middleStepMm } = line;
  const height = heightsMm.at(-1) as number;
  const steps = Math.max(1, Math.round(height / middleStepMm));
  const fromMm = (height - steps * middleStepMm) / 2;
  const frameOfSlice = Array.from({ length: steps + 1 }, (_, slice) => {
    const at = fromMm + slice * middleStepMm;
    const after = heightsMm.findIndex((mm) => mm > at);
    const index = Math.min(Math.max((after < 0 ? heightsMm.length : after) - 1, 0), stepsMm.length - 1);
    return index + (at - (heightsMm[index] as number)) / (stepsMm[index] as number);
  });
  const [, rowRow, columnRow] = planes.toStack;
  const turned = (row: Affine[number], perMm: number): Affine[number] => {
    return [0 - perMm * middleStepMm, row[1], row[2], row[3] - perMm * fromMm];
  };
  return {
    ...planes,
    shape: [steps + 1, planes.shape[1], planes.shape[2]],
    planeAt: (channel, slice) => {
      const last = planes.shape[0] - 1;
      const at = Math.min(Math.max(frameOfSlice[slice] as number, 0), last);
      const low = Math.min(Math.floor(at), last);
      const one = planes.planeAt(channel, low);
      const share = at - low;
      if (share === 0) return one;
      const other = planes.planeAt(channel, low + 1);
      const plane = new Float32Array(one.length);
      for (let pixel = 0; pixel < plane.length; pixel += 1)
        plane[pixel] = mix(one[pixel] as number, other[pixel] as number, share);
      return plane;
    },
    toStack: [[1, 0, 0, 0], turned(rowRow, shearPerMm[0]), turned(columnRow, shearPerMm[1])],
    sliceOfFrame: heightsMm.map((mm) => (mm - fromMm) / middleStepMm),
    spacingMm: [middleStepMm, planes.spacingMm[1], planes.spacingMm[2]],
    extentsMm: frameOfSlice.map(() => middleStepMm),
  };
}
