import type { TFunction } from 'i18next';
import type { Measured } from '../measurements/measurement.ts';
import { describeMeasured } from '../measurements/measurement-text.ts';
import type { Slab } from './reslice.ts';

/** What stands beside a measurement on a plane, a line each: its values, what of it lies outside the volume, and that it is resampled or of which slab. */
export function describeInPlane(measured: Measured, slab: Slab, t: TFunction<'reading'>): readonly string[] {
  const made = slab.kind === 'none' ? t('image.mark.resampled') : t(`mpr.slab.${slab.kind}`, { mm: slab.mm });
  if (measured.of === 'value' && measured.value === null) return [t('mpr.outside'), made];
  if (measured.of !== 'area') return [...describeMeasured(measured, t), made];
  const { statistics, without, ...area } = measured;
  const isPartlyOutside = (statistics?.leftOut ?? 0) > 0 || without !== undefined;
  const inside = statistics === null ? null : { ...statistics, leftOut: 0 };
  return [
    ...describeMeasured({ ...area, statistics: inside }, t),
    ...(isPartlyOutside ? [t(inside === null ? 'mpr.outside' : 'mpr.partlyOutside')] : []),
    made,
  ];
}
