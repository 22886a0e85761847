import type { ImageToCanvas } from './geometry.ts';
import type { Spacing } from './spacing.ts';

/** A bar to measure by eye: how long on the screen, and what that is in the image. */
export type ScaleBar = { readonly px: number; readonly mm: number; readonly atDetector: boolean };

const LENGTHS_MM = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** The longest round length that fits in `longestPx` across the picture; null where the image has no valid spacing. */
export function scaleBarOf(spacing: Spacing, map: ImageToCanvas, longestPx: number): ScaleBar | null {
  if (spacing.kind === 'none') return null;
  const pxPerMm = Math.hypot(map.xPerColumn, map.yPerColumn) / spacing.columnMm;
  if (!Number.isFinite(pxPerMm) || pxPerMm <= 0) return null;
  const mm = LENGTHS_MM.findLast((length) => length * pxPerMm <= longestPx);
  return mm === undefined ? null : { px: mm * pxPerMm, mm, atDetector: spacing.kind === 'detector' };
}
