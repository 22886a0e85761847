import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import type { BadOutputReason } from '../runner-protocol.ts';
import { activate, activateOne } from './activate.ts';
import { type CellJoiner, joinCells } from './join-cells.ts';

type SegmentationOutput = Extract<ModelOutput, { role: 'segmentation' }>;
type HeatmapOutput = Extract<ModelOutput, { role: 'heatmap' }>;
type Shape = readonly [number, number, number];

/** What is set on the grid, label by label, in as little memory as its reading allows. */
export type Segmented = {
  readonly labels: readonly string[];
  /** 1 where the label is, slices × rows × columns. */
  readonly maskOf: (label: string) => Uint8Array;
  /** Its highest value of any cell, activated; of class numbers 1 where it occurs. Null where nothing was said. */
  readonly peakOf: (label: string) => number | null;
};

/** Values for display on the grid, coarsened in plane. */
export type Heat = {
  readonly label: string;
  readonly shape: Shape;
  /** How many grid cells each of these covers, along rows and columns. */
  readonly factor: number;
  readonly values: Float32Array;
};

/** A heatmap is coarsened until it has at most so many rows and columns. */
const MOST_HEAT_CELLS = 128;

/** Collects a segmentation: classes by the highest channel or as numbers, or each channel against the threshold. */
export function collectSegmentation(
  output: SegmentationOutput,
  shape: Shape,
  weights: Float32Array | null,
): { readonly joiner: CellJoiner; readonly finish: () => Segmented } {
  const { classes, reading, activation, threshold, classValues } = output;
  const classOf = new Map((classValues ?? classes.map((_, index) => index)).map((value, index) => [value, index]));
  const area = shape[1] * shape[2];
  const labels = [...new Set(classes.filter((label) => label !== null))];
  const channels = reading === 'values' ? 1 : classes.length;
  const isOne = reading !== 'threshold';
  /** One class number a cell, or one bit a cell and label. */
  const numbers = new (classes.length > 256 ? Uint16Array : Uint8Array)(isOne ? shape[0] * area : 0);
  const bits = new Map(isOne ? [] : labels.map((label) => [label, new Uint8Array(Math.ceil((shape[0] * area) / 8))]));
  const raw = new Float64Array(channels);
  const peaks = new Float64Array(classes.length).fill(Number.NEGATIVE_INFINITY);

  const joiner = joinCells({
    ...{ tensor: output.tensor, layout: output.layout, channels, shape, weights },
    overlaps: reading === 'values' ? 'heaviest' : 'mean',
    takePlane(slice, plane) {
      const base = slice * area;
      if (reading === 'values') return takeNumbers(plane, base);
      // Before the activation, which may round two high values to the same.
      if (reading === 'argmax')
        for (let cell = 0; cell < area; cell += 1) numbers[base + cell] = highestChannel(plane, cell, area);
      if (activation === 'softmax') softmaxPlane(plane, raw, area);
      else activatePlane(plane, activation);
      for (let channel = 0; channel < channels; channel += 1) {
        let peak = peaks[channel] as number;
        for (let cell = 0, at = channel * area; cell < area; cell += 1, at += 1) {
          const value = plane[at] as number;
          if (value > peak) peak = value;
          if (reading === 'threshold' && value >= threshold) set(channel, base + cell);
        }
        peaks[channel] = peak;
      }
      return null;
    },
  });

  function takeNumbers(plane: Float32Array, base: number): BadOutputReason | null {
    for (let cell = 0; cell < area; cell += 1) {
      const value = classOf.get(plane[cell] as number);
      if (value === undefined) return 'out-of-range';
      numbers[base + cell] = value;
      peaks[value] = 1;
    }
    return null;
  }

  function set(channel: number, cell: number): void {
    const label = classes[channel];
    if (label == null) return;
    const of = bits.get(label) as Uint8Array;
    of[cell >> 3] = (of[cell >> 3] as number) | (1 << (cell & 7));
  }

  function maskOf(label: string): Uint8Array {
    const mask = new Uint8Array(shape[0] * area);
    const of = bits.get(label);
    if (of !== undefined) {
      for (const [at, eight] of of.entries()) {
        if (eight === 0) continue; // most of a study
        for (let bit = 0; bit < 8; bit += 1) if ((eight >> bit) & 1) mask[8 * at + bit] = 1;
      }
      return mask;
    }
    const wanted = Uint8Array.from(classes, (one) => (one === label ? 1 : 0));
    for (let cell = 0; cell < mask.length; cell += 1) mask[cell] = wanted[numbers[cell] as number] as number;
    return mask;
  }

  function peakOf(label: string): number | null {
    const highest = Math.max(...[...peaks].filter((_, index) => classes[index] === label));
    return Number.isFinite(highest) ? highest : null;
  }

  return { joiner, finish: () => ({ labels, maskOf, peakOf }) };
}

/** Collects a heatmap: activated, each coarse cell the highest of what it covers, so that nothing small goes out. */
export function collectHeatmap(
  output: HeatmapOutput,
  shape: Shape,
  weights: Float32Array | null,
): { readonly joiner: CellJoiner; readonly finish: () => readonly Heat[] } {
  const { classes, activation } = output;
  const factor = Math.ceil(Math.max(shape[1], shape[2]) / MOST_HEAT_CELLS);
  const coarse: Shape = [shape[0], Math.ceil(shape[1] / factor), Math.ceil(shape[2] / factor)];
  const area = shape[1] * shape[2];
  const labels = [...new Set(classes.filter((label) => label !== null))];
  const heats = new Map(
    labels.map((label) => [label, new Float32Array(coarse[0] * coarse[1] * coarse[2]).fill(Number.NaN)]),
  );
  const raw = new Float64Array(classes.length);
  const joiner = joinCells({
    ...{ tensor: output.tensor, layout: output.layout, channels: classes.length, shape, weights },
    overlaps: 'mean',
    takePlane(slice, plane) {
      if (activation === 'softmax') softmaxPlane(plane, raw, area);
      else activatePlane(plane, activation);
      for (let cell = 0; cell < area; cell += 1) {
        const row = Math.floor(cell / shape[2]);
        const to = (slice * coarse[1] + Math.floor(row / factor)) * coarse[2] + Math.floor((cell % shape[2]) / factor);
        for (const [channel, label] of classes.entries()) {
          const values = label === null ? undefined : heats.get(label);
          // NaN, of a cell nothing was said of yet, is not above anything.
          const value = plane[channel * area + cell] as number;
          if (values !== undefined && !((values[to] as number) >= value)) values[to] = value;
        }
      }
      return null;
    },
  });
  return {
    joiner,
    finish: () => [...heats].map(([label, values]) => ({ label, shape: coarse, factor, values })),
  };
}

function activatePlane(plane: Float32Array, activation: Exclude<SegmentationOutput['activation'], 'softmax'>): void {
  if (activation !== 'none') for (const [at, value] of plane.entries()) plane[at] = activateOne(value, activation);
}

/** Softmax over the channels of every cell, in place. */
function softmaxPlane(plane: Float32Array, raw: Float64Array, area: number): void {
  for (let cell = 0; cell < area; cell += 1) {
    for (let channel = 0, at = cell; channel < raw.length; channel += 1, at += area) raw[channel] = plane[at] as number;
    activate(raw, 'softmax');
    for (let channel = 0, at = cell; channel < raw.length; channel += 1, at += area) plane[at] = raw[channel] as number;
  }
}

/** The channel with the highest value of one cell, the first of equals. */
function highestChannel(plane: Float32Array, cell: number, area: number): number {
  let best = 0;
  let highest = plane[cell] as number;
  for (let at = cell + area, channel = 1; at < plane.length; at += area, channel += 1) {
    const value = plane[at] as number;
    if (value > highest) {
      highest = value;
      best = channel;
    }
  }
  return best;
}
