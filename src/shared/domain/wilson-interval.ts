/** A share with the interval that holds it, all of them in 0…1. */
export type Interval = { readonly low: number; readonly high: number };

const Z_95 = 1.959964;

/** The Wilson 95 % interval of `hits` out of `of`; of nothing anything is possible (0…1). */
export function wilsonInterval(hits: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const share = hits / of;
  const z2 = Z_95 ** 2;
  const centre = share + z2 / (2 * of);
  const spread = Z_95 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of ** 2));
  const scale = 1 + z2 / of;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}
