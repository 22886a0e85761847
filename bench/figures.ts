/** How a set of times lies, in ms. */
export type Spread = {
  readonly name: string;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

/** The spread of some times; p95 is the smallest value that 95 in 100 do not exceed, p99 that 99 do not. */
export function spread(name: string, values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { name, min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Prints a table for people and one JSON line for machines; asserts nothing. */
export function printFigures(bench: string, spreads: readonly Spread[], facts: Readonly<Record<string, number>>): void {
  const width = Math.max(...spreads.map(({ name }) => name.length));
  const cell = (value: number | string) => String(value).padStart(9);
  const rounded = (value: number) => Math.round(value * 10) / 10;
  console.log(`${'ms'.padEnd(width)}${['min', 'median', 'p95', 'p99', 'max'].map(cell).join('')}`);
  for (const { name, min, median, p95, p99, max } of spreads)
    console.log(
      `${name.padEnd(width)}${[min, median, p95, p99, max].map((value) => cell(rounded(value).toFixed(1))).join('')}`,
    );
  const ms = Object.fromEntries(
    spreads.map(({ name, min, median, p95, p99, max }) => [
      name.trim(),
      { min: rounded(min), median: rounded(median), p95: rounded(p95), p99: rounded(p99), max: rounded(max) },
    ]),
  );
  console.log(JSON.stringify({ bench, ...facts, ms }));
}
