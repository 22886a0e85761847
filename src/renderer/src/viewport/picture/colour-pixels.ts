import { entryOf } from '../dicom-json.ts';
import { type LookupTable, lookUp } from './lookup-table.ts';
import type { PixelFormat } from './pixel-format.ts';
import type { StoredValues } from './stored-values.ts';

/** The three tables of a palette. */
export type Palette = readonly [red: LookupTable, green: LookupTable, blue: LookupTable];

/**
 * Red, green and blue of every pixel, 8 bits each (PS3.3 §C.7.6.3.1.2), from stored values that mean what `photometric` says; null
 * for colour this product does not know.
 */
export function colourPixels(
  values: StoredValues,
  format: PixelFormat,
  photometric: string,
  palette: Palette | null,
): Uint8Array | null {
  const count = format.rows * format.columns;
  const pixels = new Uint8ClampedArray(3 * count);
  if (photometric === 'PALETTE COLOR') {
    if (palette === null || format.samples !== 1) return null;
    for (let index = 0; index < count; index += 1)
      for (const [channel, table] of palette.entries())
        pixels[3 * index + channel] = (lookUp(table, values[index] ?? 0) / (2 ** table.bits - 1)) * 255;
    return new Uint8Array(pixels.buffer);
  }
  const convert = entryOf(CONVERSIONS, photometric);
  if (format.samples !== 3 || convert === undefined) return null;
  const most = 2 ** format.bitsStored - 1;
  const scale = format.bitsStored === 8 ? 1 : 255 / most;
  const at = placesOf(format, photometric, values.length);
  const sample: [number, number, number] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    for (let channel = 0; channel < 3; channel += 1)
      sample[channel] = Math.max(0, values[at(index, channel)] ?? 0) * scale;
    pixels.set(convert(sample), 3 * index);
  }
  return new Uint8Array(pixels.buffer);
}

/** Where the value of a pixel's channel stands: colour by pixel, colour by plane, or two lumas before what they share. */
function placesOf(
  { rows, columns, isPlanar }: PixelFormat,
  photometric: string,
  length: number,
): (index: number, channel: number) => number {
  const count = rows * columns;
  if (photometric.endsWith('_422') && length < 3 * count)
    return (index, channel) => 4 * (index >> 1) + (channel === 0 ? index & 1 : channel + 1);
  return isPlanar ? (index, channel) => channel * count + index : (index, channel) => 3 * index + channel;
}

type Sample = readonly [number, number, number];

const CONVERSIONS: Readonly<Record<string, (sample: Sample) => Sample>> = {
  RGB: (sample) => sample,
  YBR_FULL: fromYbr,
  YBR_FULL_422: fromYbr,
  YBR_PARTIAL_422: ([luma, blue, red]) =>
    fromYbr([((luma - 16) * 255) / 219, ((blue - 128) * 255) / 224 + 128, ((red - 128) * 255) / 224 + 128]),
};

/** CCIR 601 over the full range. */
function fromYbr([luma, blue, red]: Sample): Sample {
  return [
    luma + 1.402 * (red - 128),
    luma - 0.344136 * (blue - 128) - 0.714136 * (red - 128),
    luma + 1.772 * (blue - 128),
  ];
}
