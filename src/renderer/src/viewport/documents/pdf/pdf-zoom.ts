/** Factors a page is drawn at, of the width that fits. */
const STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4] as const;

/** The next larger or smaller zoom; the same at either end. */
export function nextZoom(now: number, step: 1 | -1): number {
  return step === 1 ? (STEPS.find((one) => one > now) ?? now) : (STEPS.findLast((one) => one < now) ?? now);
}
