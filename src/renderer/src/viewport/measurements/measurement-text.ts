import type { TFunction } from 'i18next';
import type { AxisValue, Measured, MeasureNote, PixelStatistics } from './measurement.ts';

/** What stands beside a measurement, a line each: its value with its unit, for an area what lies inside, and why it says no more. */
export function describeMeasured(measured: Measured, t: TFunction<'reading'>): readonly string[] {
  switch (measured.of) {
    case 'length': {
      const { value, unit, magnification } = measured.length;
      return [
        t(`length.${unit}`, { value: value.toFixed(1) }),
        ...(magnification === undefined
          ? []
          : [
              t('measure.magnified.mm', { value: (value / magnification).toFixed(1), factor: factorOf(magnification) }),
            ]),
        ...noteOf(measured.note, t),
      ];
    }
    case 'axes': {
      const along = [measured.across, measured.down].filter((axis) => axis !== null);
      return [along.map(describeAxis).join(' · ')];
    }
    case 'level':
      return [t('measure.level', { value: describeAxis(measured.level) })];
    case 'angle':
      return [
        measured.degrees === null ? t('measure.noAngle') : t('measure.degrees', { value: measured.degrees.toFixed(1) }),
        ...noteOf(measured.note, t),
      ];
    case 'value':
      return [
        measured.value === null
          ? t(`measure.without.${measured.without ?? 'colour'}`)
          : describeValue(measured.value, measured.unit),
      ];
    case 'area': {
      const { area, statistics, without } = measured;
      const sides = area.magnification;
      return [
        t(`measure.area.${area.unit}`, { value: area.value.toFixed(area.unit === 'px' ? 0 : 1) }),
        ...(sides === undefined
          ? []
          : [t('measure.magnified.mm2', { value: (area.value / sides ** 2).toFixed(1), factor: factorOf(sides) })]),
        ...(statistics === null ? [] : describeStatistics(statistics, t)),
        ...(without === undefined ? [] : [t(`measure.without.${without}`)]),
        ...noteOf(measured.note, t),
      ];
    }
  }
}

function describeStatistics({ mean, sd, min, max, unit, leftOut }: PixelStatistics, t: TFunction<'reading'>) {
  return [
    t('measure.mean', { mean: describeValue(mean, unit), sd: tidy(sd) }),
    t('measure.range', { min: tidy(min), max: describeValue(max, unit) }),
    ...(leftOut === 0 ? [] : [t('measure.leftOut', { count: leftOut })]),
  ];
}

/** A value with its unit, where there is one. */
export function describeValue(value: number, unit: string | null): string {
  return unit === null ? tidy(value) : `${tidy(value)} ${unit}`;
}

function noteOf(note: MeasureNote | undefined, t: TFunction<'reading'>): readonly string[] {
  return note === undefined ? [] : [t(`measure.note.${note}`)];
}

function describeAxis({ value, unit }: AxisValue): string {
  return `${unit === 's' ? value.toFixed(3) : value.toFixed(1)} ${unit}`;
}

function factorOf(magnification: number): string {
  return magnification.toFixed(2);
}

/** Small numbers keep what distinguishes them: an SUV of 0.04 is not 0. */
function tidy(value: number): string {
  return Math.abs(value) < 10 && !Number.isInteger(value)
    ? String(Number(value.toPrecision(3)))
    : String(Math.round(value * 10) / 10);
}
