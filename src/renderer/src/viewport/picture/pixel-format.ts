import { type DicomJson, itemsOf, numberOf, numbersOf, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';

/** How the pixels of a frame are stored (PS3.3 §C.7.6.3.1). */
export type PixelFormat = {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly photometric: string;
  readonly isPlanar: boolean;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly isFloat: boolean;
};

/** Reads what a data set says of its pixels; what it leaves out is as most objects have it. */
export function pixelFormatOf(dataSet: DicomJson): PixelFormat {
  const isFloat = dataSet['7FE00008'] !== undefined || dataSet['7FE00009'] !== undefined;
  const bitsAllocated = numberOf(dataSet, TAG.BitsAllocated) ?? 16;
  const bitsStored = numberOf(dataSet, TAG.BitsStored) ?? bitsAllocated;
  return {
    rows: numberOf(dataSet, TAG.Rows) ?? 0,
    columns: numberOf(dataSet, TAG.Columns) ?? 0,
    samples: numberOf(dataSet, TAG.SamplesPerPixel) ?? 1,
    photometric: textOf(dataSet, TAG.PhotometricInterpretation) ?? 'MONOCHROME2',
    isPlanar: numberOf(dataSet, TAG.PlanarConfiguration) === 1,
    bitsAllocated,
    bitsStored,
    highBit: numberOf(dataSet, TAG.HighBit) ?? bitsStored - 1,
    isSigned: numberOf(dataSet, TAG.PixelRepresentation) === 1,
    isFloat,
  };
}

/** Grey pixels with a single value each. */
export function isGrey({ photometric, samples }: PixelFormat): boolean {
  return samples === 1 && /^MONOCHROME[12]$/.test(photometric);
}

/**
 * Whether the decoder of the page gives this image's values: whole grey numbers of 8 or 16 bits from bit 0 on, rescaled by a line.
 * The station decodes the rest, and the page makes of them what it shows.
 */
export function isPlainGrey(dataSet: DicomJson): boolean {
  const format = pixelFormatOf(dataSet);
  const { bitsAllocated, bitsStored, highBit, isFloat } = format;
  return (
    isGrey(format) &&
    !isFloat &&
    (bitsAllocated === 8 || bitsAllocated === 16) &&
    highBit === bitsStored - 1 &&
    itemsOf(dataSet, TAG.ModalityLUTSequence).length === 0 &&
    embeddedOverlayGroups(dataSet).length === 0
  );
}

/** Whether the least value is drawn white (PS3.3 §C.7.6.3.1.2, §C.11.6): the presentation LUT says so, or the image where there is none. */
export function isInverted(dataSet: DicomJson): boolean {
  const shape = textOf(dataSet, TAG.PresentationLUTShape);
  return shape === null ? textOf(dataSet, TAG.PhotometricInterpretation) === 'MONOCHROME1' : shape === 'INVERSE';
}

/** The sixteen groups an overlay may stand in (PS3.3 §C.9.2), as the beginnings of tags. */
export const OVERLAY_GROUPS: readonly string[] = Array.from({ length: 16 }, (_, index) =>
  (0x6000 + 2 * index).toString(16).toUpperCase(),
);

/** The groups whose overlay stands in unused bits of the pixels (retired, PS3.3 2004 §C.9.2). */
export function embeddedOverlayGroups(dataSet: DicomJson): readonly string[] {
  return OVERLAY_GROUPS.filter(
    (group) =>
      dataSet[`${group}3000`] === undefined &&
      dataSet[`${group}0010`] !== undefined &&
      (numberOf(dataSet, `${group}0102`) ?? 0) > 0,
  );
}

/** Stored values from first to second are no image (PS3.3 §C.7.5.1.1.2); null where none is named. */
export function paddingOf(dataSet: DicomJson): readonly [number, number] | null {
  const { isSigned } = pixelFormatOf(dataSet);
  const signed = (value: number) => (isSigned && value > 0x7fff ? value - 0x10000 : value);
  const [from] = numbersOf(dataSet, TAG.PixelPaddingValue).map(signed);
  if (from === undefined) return null;
  const [to = from] = numbersOf(dataSet, TAG.PixelPaddingRangeLimit).map(signed);
  return [Math.min(from, to), Math.max(from, to)];
}
