/** Factors a page is drawn at, of the width that fits. */
const STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4] as const;

/** The next larger or smaller zoom; the same at either end. */
export function nextZoom(now: number, step: 1 | -1): number {
  return step === 1 ? (STEPS.find((one) => one > now) ?? now) : (STEPS.findLast((one) => one < now) ?? now);
}

const LARGEST_CANVAS_PIXELS = 16_000_000;
/** Past this a browser draws nothing, and does not say so: a strip of paper would look empty. */
const LONGEST_CANVAS_SIDE = 16_384;

/** Pixels of a canvas to one in CSS: as the screen has them, or as many fewer as it takes for a canvas so large to be drawn at all. */
export function sharpnessOf(widthPx: number, heightPx: number, screen: number): number {
  return Math.min(
    screen,
    Math.sqrt(LARGEST_CANVAS_PIXELS / (widthPx * heightPx)),
    LONGEST_CANVAS_SIDE / Math.max(widthPx, heightPx),
  );
}
