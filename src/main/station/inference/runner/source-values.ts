import type { ModelSource } from '../../../../shared/domain/model-preprocessing.ts';
import type { DecodedFrame, EncodedFrame, Pixels } from '../../dicom/pixel/decode-frame.ts';
import type { FramePresentation } from '../../dicom/pixel/frame-presentation.ts';
import { renderColour, rescaler, shader } from '../../dicom/pixel/render-frame.ts';

/** Up to so many bits a table of all they can hold costs less than to see which of it the pixels have. */
const MOST_BITS_TABLED = 14;

/** The values of one frame, row by row, channels interleaved. */
export type FrameValues = { readonly channels: 1 | 3; readonly values: Float32Array | Int16Array };

/**
 * A decoded frame as a manifest's source asks for it. Grey: stored values, or their shares of what their bits hold; rescaled ones (PS3.3 §C.11.1); or displayed ones, 0 to
 * 1 (PS3.3 §C.11.2). What is padding or no number becomes `paddingValue`; MONOCHROME1 is turned over where asked. Colour, from RGB, YBR or
 * palette: 8 bits, 0 to 255, displayed 0 to 1; made grey by the luma of ITU-R BT.601. Null for colour that is not known. The
 * decoded pixels are only looked at; short whole numbers are written into what `room` gives.
 */
export function sourceValues(
  frame: EncodedFrame,
  decoded: DecodedFrame,
  presentation: FramePresentation,
  source: ModelSource,
  room: (length: number) => Int16Array = (length) => new Int16Array(length),
): FrameValues | null {
  const { photometricInterpretation } = decoded;
  if (/^MONOCHROME[12]$/.test(photometricInterpretation) && frame.samplesPerPixel === 1)
    return { channels: 1, values: greyValues(frame, decoded.pixels, presentation, source, room) };
  const bytes = renderColour(frame, decoded, presentation);
  return bytes === null ? null : colourValues(bytes, source);
}

function greyValues(
  frame: EncodedFrame,
  pixels: Pixels,
  presentation: FramePresentation,
  source: ModelSource,
  room: (length: number) => Int16Array,
): Float32Array | Int16Array {
  const value = valueOf(frame, pixels, presentation, source);
  const [from, to] = presentation.padding ?? [1, 0]; // an empty range: nothing is padding
  const given = (stored: number) => {
    const is = stored >= from && stored <= to ? source.paddingValue : value(stored);
    return Number.isFinite(is) ? is : source.paddingValue; // a float map has no number where it knows nothing
  };
  if (pixels.BYTES_PER_ELEMENT > 2) return Float32Array.from(pixels, given);
  if (isLine(presentation, source) && isShort(source.paddingValue)) {
    const [base, step] = [value(0), value(1) - value(0)];
    const isInside = ({ least, most }: Range) => [base, step, value(least), value(most)].every(isShort);
    if (isInside(rangeOfBits(pixels, frame.bitsStored)) || isInside(rangeOf(pixels)))
      return alongLine(pixels, { base, step, from, to, paddingValue: source.paddingValue }, room(pixels.length));
  }
  // Each stored value is worked out once: a window or table costs more than a look.
  const ofBits = frame.bitsStored <= MOST_BITS_TABLED ? tableOf(rangeOfBits(pixels, frame.bitsStored), given) : null;
  const { least, known, areShort } = ofBits?.areShort ? ofBits : tableOf(rangeOf(pixels), given);
  return areShort
    ? lookUp(pixels, least, new Int16Array(known), room(pixels.length))
    : lookUp(pixels, least, known, new Float32Array(pixels.length));
}

/** Whether stored values are taken as they are, turned over, or along the line of slope and intercept. */
function isLine({ modalityTable }: FramePresentation, { values }: ModelSource): boolean {
  return values === 'stored' || (values === 'rescaled' && modalityTable === null);
}

type Line = {
  readonly base: number;
  readonly step: number;
  readonly from: number;
  readonly to: number;
  readonly paddingValue: number;
};

/** Whole numbers along a line: nothing is looked up, and padding is put in afterwards, which takes a third of the time of asking at each. */
function alongLine(pixels: Pixels, { base, step, from, to, paddingValue }: Line, into: Int16Array): Int16Array {
  for (let index = 0; index < into.length; index += 1) into[index] = base + Math.imul(step, pixels[index] as number);
  if (to < from) return into;
  for (let index = 0; index < into.length; index += 1) {
    const stored = pixels[index] as number;
    if (stored >= from && stored <= to) into[index] = paddingValue;
  }
  return into;
}

/** What is given for each stored value of a range, and whether all of it are short whole numbers. */
function tableOf({ least, most }: Range, given: (stored: number) => number) {
  const known = new Float32Array(most - least + 1);
  for (let index = 0; index < known.length; index += 1) known[index] = given(index + least);
  return { least, known, areShort: known.every(isShort) };
}

/** Of each pixel what stands at its place in a table of the type of the values: nothing is converted on the way. */
function lookUp<Values extends Float32Array | Int16Array>(
  pixels: Pixels,
  least: number,
  table: Values,
  into: Values,
): Values {
  for (let index = 0; index < into.length; index += 1) into[index] = table[(pixels[index] as number) - least] as number;
  return into;
}

/** From a stored value to what was asked for. */
function valueOf(
  frame: EncodedFrame,
  pixels: Pixels,
  presentation: FramePresentation,
  { values, photometric }: ModelSource,
): (stored: number) => number {
  const wantsBright = photometric === 'bright-is-high';
  const rescale = rescaler(presentation);
  if (values === 'displayed') {
    const shade = shader(pixels, presentation, null, rescale);
    const isTurned = wantsBright && presentation.isInverted;
    return isTurned ? (stored) => 1 - shade(rescale(stored)) / 255 : (stored) => shade(rescale(stored)) / 255;
  }
  const isWhole = frame.vr !== 'OF' && frame.vr !== 'OD';
  if (values === 'stored-share' && isWhole) {
    const floor = frame.pixelRepresentation === 1 ? -(2 ** (frame.bitsStored - 1)) : 0;
    const most = 2 ** frame.bitsStored - 1;
    const isTurned = wantsBright && frame.photometricInterpretation === 'MONOCHROME1';
    return isTurned ? (stored) => 1 - (stored - floor) / most : (stored) => (stored - floor) / most;
  }
  const plain = values === 'rescaled' ? rescale : (stored: number) => stored;
  if (!wantsBright || frame.photometricInterpretation !== 'MONOCHROME1' || !isWhole) return plain;
  const isSigned = frame.pixelRepresentation === 1;
  const least = isSigned ? -(2 ** (frame.bitsStored - 1)) : 0;
  const both = plain(least) + plain(least + 2 ** frame.bitsStored - 1);
  return (stored) => both - plain(stored);
}

function colourValues(bytes: Uint8Array, { colour, values }: ModelSource): FrameValues {
  const unit = values === 'displayed' || values === 'stored-share' ? 1 / 255 : 1;
  if (colour !== 'grey') return { channels: 3, values: Float32Array.from(bytes, (value) => value * unit) };
  const grey = new Float32Array(bytes.length / 3);
  for (let pixel = 0; pixel < grey.length; pixel += 1) {
    const [red, green, blue] = [bytes[3 * pixel], bytes[3 * pixel + 1], bytes[3 * pixel + 2]] as [
      number,
      number,
      number,
    ];
    grey[pixel] = (0.299 * red + 0.587 * green + 0.114 * blue) * unit;
  }
  return { channels: 1, values: grey };
}

function isShort(value: number): boolean {
  return Number.isInteger(value) && value >= -0x8000 && value <= 0x7fff;
}

type Range = { readonly least: number; readonly most: number };

/** What so many bits can hold: no pixel need be looked at. */
function rangeOfBits(pixels: Pixels, bitsStored: number): Range {
  const isSigned = pixels instanceof Int16Array || pixels instanceof Int8Array;
  const least = isSigned ? -(2 ** (bitsStored - 1)) : 0;
  return { least, most: least + 2 ** bitsStored - 1 };
}

function rangeOf(pixels: Pixels): Range {
  let [least, most] = [pixels[0] as number, pixels[0] as number];
  for (let index = 1; index < pixels.length; index += 1) {
    const stored = pixels[index] as number;
    if (stored < least) least = stored;
    if (stored > most) most = stored;
  }
  return { least, most };
}
