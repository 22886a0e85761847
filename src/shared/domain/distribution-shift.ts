/** How often each value was seen: what is counted of a number is the lower edge of its narrow bin, of a name the name. */
export type Counts = ReadonlyMap<string, number>;

/** Whether the values have an order; names have none, and are compared by how often each occurs. */
export type ValueKind = 'number' | 'name';

export const DRIFT_LEVELS = ['too-few', 'steady', 'moved', 'moved-far'] as const;
export type DriftLevel = (typeof DRIFT_LEVELS)[number];

/** How far a window has moved from its reference; null where a figure does not apply. */
export type Shift = {
  readonly level: DriftLevel;
  readonly psi: number | null;
  readonly ks: number | null;
  readonly ksP: number | null;
};

/** Fewer values than this on either side are judged by nobody: chance alone would look like drift. */
export const LEAST_VALUES = 50;
const LEAST_SHARE = 1e-4;
const PSI_MOVED = 0.1;
const PSI_MOVED_FAR = 0.25;
const KS_P_MOVED = 0.05;
const KS_P_MOVED_FAR = 0.01;
/** With many values any difference is significant; this much of one matters. */
const KS_DISTANCE_MOVED_FAR = 0.1;
/** Values rarer than this in the reference count as one. */
const RARE = 0.01;

/** The population stability index Σ (a−e)·ln(a/e) of shares in the same bins; an empty bin counts as 0.0001. */
export function populationStabilityIndex(expected: readonly number[], actual: readonly number[]): number {
  return expected.reduce((sum, share, bin) => {
    const e = Math.max(share, LEAST_SHARE);
    const a = Math.max(actual[bin] ?? 0, LEAST_SHARE);
    return sum + (a - e) * Math.log(a / e);
  }, 0);
}

/**
 * What the index comes to in 95 of 100 windows in which nothing changed: it behaves as χ² of bins−1 degrees, times 1/n + 1/m
 * (Yurdakul and Naranjo, J. Risk Model Validation 14(4), 2020), here in the Wilson–Hilferty form of χ².
 */
export function psiByChance(bins: number, n: number, m: number): number {
  const degrees = bins - 1;
  if (degrees < 1) return 0;
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + 1.644854 * Math.sqrt(spread)) ** 3 * (1 / n + 1 / m);
}

/** The largest distance between two cumulative distributions (Kolmogorov–Smirnov D), each as counts by value. */
export function largestDistance(first: Counts, second: Counts): number {
  const [n, m] = [total(first), total(second)];
  const values = [...new Set([...first.keys(), ...second.keys()])].toSorted((a, b) => Number(a) - Number(b));
  let [below, belowOther, largest] = [0, 0, 0];
  for (const value of values) {
    below += first.get(value) ?? 0;
    belowOther += second.get(value) ?? 0;
    largest = Math.max(largest, Math.abs(below / n - belowOther / m));
  }
  return largest;
}

/** How likely so large a distance is where nothing changed: Kolmogorov's limit, which values in bins keep on the safe side. */
export function chanceOfDistance(distance: number, n: number, m: number): number {
  const lambda = distance * Math.sqrt((n * m) / (n + m));
  if (lambda < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, Math.max(0, sum));
}

/** Holds a window against its reference: by deciles of the reference and by the largest distance; names by their shares. */
export function measureShift(kind: ValueKind, reference: Counts, window: Counts): Shift {
  const [n, m] = [total(reference), total(window)];
  if (n < LEAST_VALUES || m < LEAST_VALUES) return { level: 'too-few', psi: null, ks: null, ksP: null };
  const binOf: (value: string) => number | string = kind === 'number' ? decileOf(reference) : nameBinOf(reference, n);
  const bins = [...new Set([...reference.keys(), ...window.keys()].map(binOf))];
  const shares = (counts: Counts, of: number) => {
    const byBin = new Map<number | string, number>();
    for (const [value, count] of counts) byBin.set(binOf(value), (byBin.get(binOf(value)) ?? 0) + count);
    return bins.map((bin) => (byBin.get(bin) ?? 0) / of);
  };
  const psi = populationStabilityIndex(shares(reference, n), shares(window, m));
  const ks = kind === 'number' ? largestDistance(reference, window) : null;
  const ksP = ks === null ? null : chanceOfDistance(ks, n, m);
  return { level: levelOf(psi > psiByChance(bins.length, n, m) ? psi : 0, ks, ksP), psi, ks, ksP };
}

/** STANDARDS §8.2: by the index, or by the distance where it is significant and, for the higher level, large. */
function levelOf(psi: number, ks: number | null, ksP: number | null): DriftLevel {
  const p = ksP ?? 1;
  if (psi > PSI_MOVED_FAR || (p < KS_P_MOVED_FAR && (ks ?? 0) > KS_DISTANCE_MOVED_FAR)) return 'moved-far';
  return psi >= PSI_MOVED || p < KS_P_MOVED ? 'moved' : 'steady';
}

/** Which tenth of the reference a number falls into; values that fill several tenths alone make fewer. */
function decileOf(reference: Counts): (value: string) => number {
  const sorted = [...reference].map(([value, count]) => [Number(value), count] as const).toSorted(([a], [b]) => a - b);
  const of = total(reference);
  const edges: number[] = [];
  let seen = 0;
  for (const [value, count] of sorted) {
    seen += count;
    // A tenth ends with the value that fills it.
    if (seen * 10 >= of * (edges.length + 1) && seen < of) {
      edges.push(value);
      while (seen * 10 >= of * (edges.length + 1) && edges.length < 9) edges.push(value);
    }
  }
  const distinct = [...new Set(edges)];
  return (value) => distinct.filter((edge) => Number(value) > edge).length;
}

function nameBinOf(reference: Counts, of: number): (value: string) => string {
  return (value) => {
    const known = reference.get(value);
    return known === undefined ? 'never seen' : known / of < RARE ? 'rare' : `is ${value}`;
  };
}

function total(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
