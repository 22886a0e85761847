import type { ImageToCanvas } from './geometry.ts';
import type { GreyWindow } from './window-presets.ts';

/** Less than shows, even far out in an image that was made large: px. */
const UNSEEN_PX = 1e-6;
const PARTS = ['xPerColumn', 'yPerColumn', 'xPerRow', 'yPerRow', 'x0', 'y0'] as const satisfies (keyof ImageToCanvas)[];

/** How an image lies in its pane, and how large that is, CSS pixels. */
export type Lie = { readonly map: ImageToCanvas; readonly width: number; readonly height: number };

/**
 * True where an image lies on the screen as it did, but for what rounding adds when an engine follows it from slice to slice. In a
 * pane of another size it never does: a picture at its edge has the same map there, and what lies over it would be stretched.
 */
export function isSameLie(a: Lie | null, b: Lie): boolean {
  if (a === null || a.width !== b.width || a.height !== b.height) return false;
  return PARTS.every((part) => Math.abs(a.map[part] - b.map[part]) < UNSEEN_PX);
}

/** True of two windows of the same values. */
export function isSameWindow(a: GreyWindow | null, b: GreyWindow | null): boolean {
  return a?.centre === b?.centre && a?.width === b?.width;
}
