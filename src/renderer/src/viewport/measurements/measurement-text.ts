import type { TFunction } from 'i18next';
import type { Measured } from './measurement.ts';

/** What stands beside a measurement, a line each: its value with its unit, and for an area what lies inside. */
export function describeMeasured(measured: Measured, t: TFunction<'reading'>): readonly string[] {
  switch (measured.of) {
    case 'length':
      return [t(`length.${measured.length.unit}`, { value: measured.length.value.toFixed(1) })];
    case 'angle':
      return [t('measure.degrees', { value: measured.degrees.toFixed(1) })];
    case 'value':
      return [measured.value === null ? t('measure.noValue') : describeValue(measured.value, measured.unit)];
    case 'area': {
      const { area, statistics } = measured;
      const size = t(`measure.area.${area.unit}`, { value: area.value.toFixed(area.unit === 'px' ? 0 : 1) });
      if (statistics === null) return [size];
      const { mean, sd, min, max, unit } = statistics;
      return [
        size,
        t('measure.mean', { mean: describeValue(mean, unit), sd: tidy(sd) }),
        t('measure.range', { min: tidy(min), max: describeValue(max, unit) }),
      ];
    }
  }
}

/** A value with its unit, where there is one. */
export function describeValue(value: number, unit: string | null): string {
  return unit === null ? tidy(value) : `${tidy(value)} ${unit}`;
}

/** Small numbers keep what distinguishes them: an SUV of 0.04 is not 0. */
function tidy(value: number): string {
  return Math.abs(value) < 10 && !Number.isInteger(value)
    ? String(Number(value.toPrecision(3)))
    : String(Math.round(value * 10) / 10);
}
