import type { ImageToCanvas } from './geometry.ts';
import type { GreyWindow } from './window-presets.ts';

/** Less than shows, even far out in an image that was made large: px. */
const UNSEEN_PX = 1e-6;
const PARTS = ['xPerColumn', 'yPerColumn', 'xPerRow', 'yPerRow', 'x0', 'y0'] as const satisfies (keyof ImageToCanvas)[];

/** True where an image lies on the screen as it did, but for what rounding adds when an engine follows it from slice to slice. */
export function isSameMap(a: ImageToCanvas | null, b: ImageToCanvas): boolean {
  return a !== null && PARTS.every((part) => Math.abs(a[part] - b[part]) < UNSEEN_PX);
}

/** True of two windows of the same values. */
export function isSameWindow(a: GreyWindow | null, b: GreyWindow | null): boolean {
  return a?.centre === b?.centre && a?.width === b?.width;
}
