/** A number to three significant digits, and none behind the point from a hundred on. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** A measured quantity with its unit in UCUM; 1, which stands for no unit, is not written. */
export function formatMeasure(value: number, unit: string | null): string {
  return unit === null || unit === '1' ? formatNumber(value) : `${formatNumber(value)} ${unit}`;
}

/** A model's score: two decimals, never a percent, for nothing here was calibrated on this site. */
export function formatScore(score: number): string {
  return score.toFixed(2);
}
