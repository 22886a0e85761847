import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { decodeFrame, type DecodedFrame } from './decode-frame.ts';
import type { DecodeFailure, EncodedFrame, Pixels } from './encoded-frame.ts';
import type { FramePresentation, Window } from './frame-presentation.ts';
import { type LookupTable, lookUp } from './lookup-table.ts';

/** A frame as it is shown: row by row, one byte a grey pixel or three a coloured one (red, green, blue). */
export type RenderedFrame = {
  readonly rows: number;
  readonly columns: number;
  readonly channels: 1 | 3;
  readonly bytes: Uint8Array;
};

/** What the asker wants otherwise than the object does. */
export type RenderOptions = {
  /** In place of the object's window; grey frames only. */
  readonly window?: Window;
};

/**
 * Decodes a frame and applies modality table or rescale, window or VOI table, inversion and palette (PS3.4 Annex N), as the
 * object asks or the options say; with no window anywhere, from the smallest value to the largest. Never rejects. Its
 * arguments and its answer may cross to a thread, where it belongs: it computes for 10 to 500 ms.
 */
export async function renderFrame(
  frame: EncodedFrame,
  presentation: FramePresentation,
  options: RenderOptions = {},
): Promise<Result<RenderedFrame, DecodeFailure>> {
  const decoded = await decodeFrame(frame);
  if (!decoded.ok) return decoded;
  const { photometricInterpretation } = decoded.value;
  const { rows, columns } = frame;
  const isGrey = /^MONOCHROME[12]$/.test(photometricInterpretation) && frame.samplesPerPixel === 1;
  if (isGrey) {
    const bytes = renderGrey(decoded.value.pixels, presentation, options.window ?? null);
    return ok({ rows, columns, channels: 1, bytes });
  }
  const bytes = renderColour(frame, decoded.value, presentation);
  return bytes === null ? err({ code: 'unsupported-pixels' }) : ok({ rows, columns, channels: 3, bytes });
}

function renderGrey(pixels: Pixels, presentation: FramePresentation, wanted: Window | null): Uint8Array {
  const { padding, isInverted } = presentation;
  const rescale = rescaler(presentation);
  const shade = shader(pixels, presentation, wanted, rescale);
  const [from, to] = padding ?? [1, 0]; // an empty range: nothing is padding
  const grey = (stored: number) => {
    if (stored >= from && stored <= to) return 0; // padding is black, inverted or not
    const shown = shade(rescale(stored));
    return Math.round(isInverted ? 255 - shown : shown);
  };
  const bytes = new Uint8Array(pixels.length);
  const known = pixels.BYTES_PER_ELEMENT <= 2 ? new Int16Array(0x10000).fill(-1) : null;
  for (let index = 0; index < pixels.length; index += 1) {
    const stored = pixels[index] as number;
    if (known === null) {
      bytes[index] = grey(stored);
      continue;
    }
    const key = stored & 0xffff;
    if ((known[key] as number) < 0) known[key] = grey(stored);
    bytes[index] = known[key] as number;
  }
  return bytes;
}

/** From a stored value to a rescaled one (PS3.3 §C.11.1). */
export function rescaler({ modalityTable, slope, intercept }: FramePresentation): (stored: number) => number {
  return modalityTable === null ? (stored) => stored * slope + intercept : (stored) => lookUp(modalityTable, stored);
}

/** From a rescaled value to a shade between 0 and 255; with no window or table, from the smallest value of the pixels to the largest. */
export function shader(
  pixels: Pixels,
  { window, voiTable, padding }: FramePresentation,
  wanted: Window | null,
  rescale: (stored: number) => number,
): (value: number) => number {
  const chosen = wanted ?? window;
  if (chosen !== null) return windowed(chosen);
  if (voiTable !== null) return (value) => eightBits(voiTable, value);
  const [smallest, largest] = rangeOf(pixels, padding, rescale);
  const width = largest - smallest;
  return width > 0 ? (value) => clamp(((value - smallest) / width) * 255) : (value) => (value > 0 ? 255 : 0);
}

/** PS3.3 §C.11.2.1.2.1, §C.11.2.1.3.1, §C.11.2.1.3.2. */
function windowed({ center, width, shape }: Window): (value: number) => number {
  if (shape === 'sigmoid') return (value) => 255 / (1 + Math.exp((-4 * (value - center)) / width));
  if (shape === 'linear-exact') return (value) => clamp(((value - center) / width + 0.5) * 255);
  if (width === 1) return (value) => (value <= center - 0.5 ? 0 : 255);
  return (value) => clamp(((value - (center - 0.5)) / (width - 1) + 0.5) * 255);
}

function clamp(shade: number): number {
  // Not a number is what a float map holds where it knows nothing: black.
  return shade > 0 ? Math.min(shade, 255) : 0;
}

function rangeOf(
  pixels: Pixels,
  padding: FramePresentation['padding'],
  rescale: (stored: number) => number,
): readonly [number, number] {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  const [from, to] = padding ?? [1, 0];
  for (const stored of pixels) {
    if ((stored >= from && stored <= to) || !Number.isFinite(stored)) continue;
    if (stored < smallest) smallest = stored;
    if (stored > largest) largest = stored;
  }
  if (smallest > largest) return [0, 0];
  const [one, other] = [rescale(smallest), rescale(largest)];
  return [Math.min(one, other), Math.max(one, other)];
}

function eightBits(table: LookupTable, value: number): number {
  return (lookUp(table, value) / (2 ** table.bits - 1)) * 255;
}

/** Red, green and blue of every pixel of a decoded frame, 8 bits each, from RGB, YBR or a palette; null for colour this product does not know. */
export function renderColour(
  frame: Pick<EncodedFrame, 'samplesPerPixel' | 'bitsStored'>,
  decoded: DecodedFrame,
  { palette }: Pick<FramePresentation, 'palette'>,
): Uint8Array | null {
  const { pixels, photometricInterpretation } = decoded;
  if (photometricInterpretation === 'PALETTE COLOR') {
    if (palette === null || frame.samplesPerPixel !== 1) return null;
    const bytes = new Uint8Array(pixels.length * 3);
    const { red, green, blue } = palette;
    for (let index = 0; index < pixels.length; index += 1) {
      const stored = pixels[index] as number;
      bytes[3 * index] = Math.round(eightBits(red, stored));
      bytes[3 * index + 1] = Math.round(eightBits(green, stored));
      bytes[3 * index + 2] = Math.round(eightBits(blue, stored));
    }
    return bytes;
  }
  if (frame.samplesPerPixel !== 3) return null;
  const bytes = toEightBits(pixels, frame.bitsStored);
  if (photometricInterpretation === 'RGB') return bytes;
  if (photometricInterpretation === 'YBR_FULL') return fromYbr(bytes);
  return photometricInterpretation.startsWith('YBR_PARTIAL') ? fromYbr(widened(bytes)) : null;
}

function toEightBits(pixels: Pixels, bitsStored: number): Uint8Array {
  if (bitsStored === 8 && pixels.BYTES_PER_ELEMENT === 1) return Uint8Array.from(pixels);
  const most = 2 ** bitsStored - 1;
  return Uint8Array.from(pixels, (value) => Math.round((Math.max(value, 0) / most) * 255));
}

/** Studio range, 16 to 235 and 16 to 240, stretched to the full one (PS3.3 §C.7.6.3.1.2). */
function widened(bytes: Uint8Array): Uint8Array {
  return bytes.map((value, index) =>
    Math.round(index % 3 === 0 ? clamp(((value - 16) * 255) / 219) : clamp(((value - 128) * 255) / 224 + 128)),
  );
}

const FRACTION_BITS = 16;
const fixed = (value: number) => Math.round(value * 2 ** FRACTION_BITS);
const HALF = 2 ** (FRACTION_BITS - 1);

/** CCIR 601 in the fixed point JPEG libraries use, so that the result is theirs bit for bit. In place. */
function fromYbr(bytes: Uint8Array): Uint8Array {
  const shown = new Uint8ClampedArray(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 3) {
    const luma = bytes[at] as number;
    const blue = (bytes[at + 1] as number) - 128;
    const red = (bytes[at + 2] as number) - 128;
    shown[at] = luma + ((fixed(1.402) * red + HALF) >> FRACTION_BITS);
    shown[at + 1] = luma + ((-fixed(0.34414) * blue - fixed(0.71414) * red + HALF) >> FRACTION_BITS);
    shown[at + 2] = luma + ((fixed(1.772) * blue + HALF) >> FRACTION_BITS);
  }
  return bytes;
}
