import { type DicomJson, numberOf, numbersOf, textOf } from './dicom-json.ts';
import { drawnSpacing } from './picture/drawn-spacing.ts';
import { TAG } from './tags.ts';

/**
 * How far apart pixels are, and what that distance means. `patient`: in the patient's body. `detector`: at the detector,
 * so the body part is smaller: by `magnification` in the plane its maker means, else by an unknown factor. `none`: nothing to be
 * trusted, so lengths are in widths of a pixel, which is `pixelHeight` of them high (1 where it is left out).
 */
export type Spacing =
  | { readonly kind: 'patient'; readonly rowMm: number; readonly columnMm: number }
  | { readonly kind: 'detector'; readonly rowMm: number; readonly columnMm: number; readonly magnification?: number }
  | { readonly kind: 'none'; readonly pixelHeight?: number };

const PROJECTION = new Set(['CR', 'DX', 'MG', 'RF', 'XA', 'IO', 'PX', 'RG']);
/** Secondary captures of one frame and of several; what is seen by visible light (…1.1.77) is none. */
const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/;
/** No tube stands nearer to what it looks at: a larger factor is a fault of the header. */
const MOST_MAGNIFIED = 20;

/** Judges the image's spacing attributes (PS3.3 §10.7.1.3: PixelSpacing equal to ImagerPixelSpacing is not calibrated). */
export function spacingOf(dataSet: DicomJson): Spacing {
  const pixel = pairOf(dataSet, TAG.PixelSpacing);
  const imager = pairOf(dataSet, TAG.ImagerPixelSpacing);
  const calibrated = textOf(dataSet, TAG.PixelSpacingCalibrationType) !== null;
  const modality = textOf(dataSet, TAG.Modality) ?? '';

  if (SECONDARY_CAPTURE.test(textOf(dataSet, TAG.SOPClassUID) ?? '')) {
    return pixel !== null && calibrated ? { kind: 'patient', ...pixel } : inPixels(dataSet);
  }
  if (!PROJECTION.has(modality)) return pixel === null ? inPixels(dataSet) : { kind: 'patient', ...pixel };

  const differs = pixel !== null && imager !== null && !isSame(pixel, imager);
  if (pixel !== null && (calibrated || differs)) return { kind: 'patient', ...pixel };
  const atDetector = imager ?? pixel;
  if (atDetector === null) return inPixels(dataSet);
  const magnification = numberOf(dataSet, TAG.EstimatedRadiographicMagnificationFactor) ?? 1;
  const isMagnified = magnification > 1 && magnification <= MOST_MAGNIFIED;
  return { kind: 'detector', ...atDetector, ...(isMagnified && { magnification }) };
}

function inPixels(dataSet: DicomJson): Spacing {
  const { rowSpacing, columnSpacing } = drawnSpacing(dataSet);
  const pixelHeight = rowSpacing / columnSpacing;
  return { kind: 'none', ...(Math.abs(pixelHeight - 1) > 1e-6 && { pixelHeight }) };
}

/** How wide and how high a pixel is in the spacing's own unit: mm, or widths of a pixel. */
export function pixelSize(spacing: Spacing): { readonly width: number; readonly height: number } {
  if (spacing.kind === 'none') return { width: 1, height: spacing.pixelHeight ?? 1 };
  return { width: spacing.columnMm, height: spacing.rowMm };
}

/** A length between two image coordinates in the spacing's own unit; of one at the detector, how much it is magnified where that is known. */
export type Length = {
  readonly value: number;
  readonly unit: 'mm' | 'mm-at-detector' | 'px';
  readonly magnification?: number;
};

/** Measures between two image coordinates (column, row). */
export function lengthBetween(
  spacing: Spacing,
  from: readonly [number, number],
  to: readonly [number, number],
): Length {
  const { width, height } = pixelSize(spacing);
  return { value: Math.hypot((to[0] - from[0]) * width, (to[1] - from[1]) * height), ...unitOf(spacing) };
}

function unitOf(spacing: Spacing): Omit<Length, 'value'> {
  switch (spacing.kind) {
    case 'patient':
      return { unit: 'mm' };
    case 'detector':
      return { unit: 'mm-at-detector', ...(spacing.magnification && { magnification: spacing.magnification }) };
    case 'none':
      return { unit: 'px' };
  }
}

type Pair = { readonly rowMm: number; readonly columnMm: number };

function pairOf(dataSet: DicomJson, tag: string): Pair | null {
  const [rowMm, columnMm] = numbersOf(dataSet, tag);
  return rowMm !== undefined && columnMm !== undefined && rowMm > 0 && columnMm > 0 ? { rowMm, columnMm } : null;
}

function isSame(a: Pair, b: Pair): boolean {
  return Math.abs(a.rowMm - b.rowMm) < 1e-6 && Math.abs(a.columnMm - b.columnMm) < 1e-6;
}
