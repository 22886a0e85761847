import { type DicomJson, numberOf, numbersOf, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';
import { type LookupTable, lookUp } from './lookup-table.ts';
import type { StoredValues } from './stored-values.ts';

/** The window functions there are (PS3.3 §C.11.2.1.2, §C.11.2.1.3). */
export const WINDOW_SHAPES = ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const;

/** A window over rescaled values. */
export type ShapedWindow = {
  readonly centre: number;
  /** At least 1 for LINEAR, above 0 for the others. */
  readonly width: number;
  readonly shape: (typeof WINDOW_SHAPES)[number];
};

/** Rescaled values (PS3.3 §C.11.1): by the table where there is one, else by slope and intercept. */
export function modalityValues(stored: StoredValues, dataSet: DicomJson, table: LookupTable | null): Float32Array {
  if (table !== null) return Float32Array.from(stored, (value) => lookUp(table, value));
  const slope = numberOf(dataSet, TAG.RescaleSlope) || 1; // no image has a slope of 0
  const intercept = numberOf(dataSet, TAG.RescaleIntercept) ?? 0;
  return Float32Array.from(stored, (value) => value * slope + intercept);
}

/** The window the image came with, the first of several; null where it has none that makes sense. */
export function ownWindowOf(dataSet: DicomJson): ShapedWindow | null {
  const [centre] = numbersOf(dataSet, TAG.WindowCenter);
  const [width] = numbersOf(dataSet, TAG.WindowWidth);
  if (centre === undefined || width === undefined) return null;
  const said = textOf(dataSet, TAG.VOILUTFunction);
  const shape = WINDOW_SHAPES.find((one) => one === said) ?? 'LINEAR';
  return width >= 1 || (shape !== 'LINEAR' && width > 0) ? { centre, width, shape } : null;
}

/** A window from the least to the greatest value, for an image that came with none; padding and what is no number are left out. */
export function wholeWindow(values: ArrayLike<number>, isPadding: (index: number) => boolean): ShapedWindow {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (!Number.isFinite(value) || isPadding(index)) continue;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (least > greatest) return { centre: 0.5, width: 1, shape: 'LINEAR_EXACT' };
  // Of an image with one value only, that value is white unless it is nothing.
  if (least === greatest) [least, greatest] = greatest > 0 ? [0, greatest] : [least, least + 1];
  return { centre: (least + greatest) / 2, width: greatest - least, shape: 'LINEAR_EXACT' };
}

/** Values after a VOI table, from 0 to 2^bits - 1 (PS3.3 §C.11.2.1.1). */
export function tabledValues(values: ArrayLike<number>, table: LookupTable): Float32Array {
  return Float32Array.from(values, (value) => lookUp(table, value));
}
