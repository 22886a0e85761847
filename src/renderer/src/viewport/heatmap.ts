import type { HeatmapOverlay } from '../../../shared/contract/studies.ts';
import { keyOf, placesOf } from './mask.ts';
import type { FrameAddress } from './stack.ts';

/** Where a model looked, for display: one byte a cell, 0 for `low` and 255 for `high`. */
export type Heatmap = {
  readonly rows: number;
  readonly columns: number;
  readonly low: number;
  readonly high: number;
  readonly sizeBytes: number;
  readonly reads: (frame: FrameAddress) => boolean;
  /** Cells row after row; null of a frame that the heatmap says nothing of. */
  readonly cellsOf: (frame: FrameAddress) => Uint8Array | null;
};

/** Opens a heatmap: frame after frame in their order. Null when the bytes do not fit, or a frame is named twice. */
export function openHeatmap(
  bytes: Uint8Array,
  { rows, columns, low, high, frames }: Omit<HeatmapOverlay, 'href'>,
): Heatmap | null {
  const size = rows * columns;
  const places = placesOf(frames);
  if (places === null || bytes.length !== size * frames.length) return null;
  return {
    ...{ rows, columns, low, high, sizeBytes: bytes.length },
    reads: (frame) => places.has(keyOf(frame)),
    cellsOf: (frame) => {
      const place = places.get(keyOf(frame));
      return place === undefined ? null : bytes.subarray(place * size, (place + 1) * size);
    },
  };
}

type Colour = readonly [number, number, number];
/** From nothing to the highest value, each lighter than the one before, so that grey printing keeps the order. */
const RAMP: readonly Colour[] = [
  [60, 15, 110],
  [150, 38, 103],
  [221, 81, 58],
  [252, 165, 10],
  [252, 255, 164],
];

/** The colour of a share of the scale, 0 to 1; its alpha is what the reader chose times that share, so that nothing covers nothing. */
export function heatColour(share: number, opacity: number): readonly [number, number, number, number] {
  const within = Math.min(1, Math.max(0, share));
  const at = within * (RAMP.length - 1);
  const lower = Math.min(RAMP.length - 2, Math.floor(at));
  const [from, to] = [RAMP[lower] as Colour, RAMP[lower + 1] as Colour];
  const mix = (axis: 0 | 1 | 2) => Math.round(from[axis] + (to[axis] - from[axis]) * (at - lower));
  return [mix(0), mix(1), mix(2), Math.round(255 * opacity * within)];
}

/** The scale from low to high as the legend shows it. */
export function heatGradient(): string {
  const stops = RAMP.map((colour, index) => `rgb(${colour.join(' ')} / ${(100 * index) / (RAMP.length - 1)}%)`);
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
