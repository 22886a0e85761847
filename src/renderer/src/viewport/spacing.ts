import { type DicomJson, numbersOf, textOf } from './dicom-json.ts';
import { TAG } from './tags.ts';

/**
 * How far apart pixels are, and what that distance means. `patient`: in the patient's body. `detector`: at the detector,
 * so the body part is smaller by an unknown factor. `none`: nothing to be trusted, so lengths are in pixels.
 */
export type Spacing =
  | { readonly kind: 'patient' | 'detector'; readonly rowMm: number; readonly columnMm: number }
  | { readonly kind: 'none' };

const PROJECTION = new Set(['CR', 'DX', 'MG', 'RF', 'XA', 'IO', 'PX', 'RG']);
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/** Judges the image's spacing attributes (PS3.3 §10.7.1.3: PixelSpacing equal to ImagerPixelSpacing is not calibrated). */
export function spacingOf(dataSet: DicomJson): Spacing {
  const pixel = pairOf(dataSet, TAG.PixelSpacing);
  const imager = pairOf(dataSet, TAG.ImagerPixelSpacing);
  const calibrated = textOf(dataSet, TAG.PixelSpacingCalibrationType) !== null;
  const modality = textOf(dataSet, TAG.Modality) ?? '';

  if (textOf(dataSet, TAG.SOPClassUID)?.startsWith(SECONDARY_CAPTURE)) {
    return pixel !== null && calibrated ? { kind: 'patient', ...pixel } : { kind: 'none' };
  }
  if (!PROJECTION.has(modality)) return pixel === null ? { kind: 'none' } : { kind: 'patient', ...pixel };

  const differs = pixel !== null && imager !== null && !isSame(pixel, imager);
  if (pixel !== null && (calibrated || differs)) return { kind: 'patient', ...pixel };
  const atDetector = imager ?? pixel;
  return atDetector === null ? { kind: 'none' } : { kind: 'detector', ...atDetector };
}

/** A length between two image coordinates in the spacing's own unit. */
export type Length = { readonly value: number; readonly unit: 'mm' | 'mm-at-detector' | 'px' };

/** Measures between two image coordinates (column, row). */
export function lengthBetween(
  spacing: Spacing,
  from: readonly [number, number],
  to: readonly [number, number],
): Length {
  const columns = to[0] - from[0];
  const rows = to[1] - from[1];
  if (spacing.kind === 'none') return { value: Math.hypot(columns, rows), unit: 'px' };
  const value = Math.hypot(columns * spacing.columnMm, rows * spacing.rowMm);
  return { value, unit: spacing.kind === 'patient' ? 'mm' : 'mm-at-detector' };
}

type Pair = { readonly rowMm: number; readonly columnMm: number };

function pairOf(dataSet: DicomJson, tag: string): Pair | null {
  const [rowMm, columnMm] = numbersOf(dataSet, tag);
  return rowMm !== undefined && columnMm !== undefined && rowMm > 0 && columnMm > 0 ? { rowMm, columnMm } : null;
}

function isSame(a: Pair, b: Pair): boolean {
  return Math.abs(a.rowMm - b.rowMm) < 1e-6 && Math.abs(a.columnMm - b.columnMm) < 1e-6;
}
