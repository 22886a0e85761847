import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Vector3 } from '../geometry.ts';
import viewportClasses from '../ImageViewport.module.css';
import { describeValue } from '../measurements/measurement-text.ts';
import { valueAtPlace } from '../mpr/reslice.ts';
import classes from './fusion.module.css';
import { coloursOf } from './colour-tables.ts';
import { type FusionFit, type PetState, petWindowOf } from './fusion-view.ts';
import type { Fusion } from './use-fusion.ts';

type Props = {
  readonly fusion: Fusion;
  /** Whether it may be drawn over this picture; null while that is not known. */
  readonly fit: FusionFit | null;
  /** What is under the mouse. */
  readonly place: Vector3 | null;
};

/** What a fused picture says of its PET: that it is resampled, its colours, its value under the mouse, or why it is not drawn. */
export function FusionCorner({ fusion, fit, place }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { pet, view } = fusion;
  if (pet.state !== 'ready') return <strong className={viewportClasses.mark}>{stateText(pet, t)}</strong>;
  if (fit !== null && fit !== 'fits')
    return <strong className={viewportClasses.warning}>{t(`fusion.unfit.${fit}`)}</strong>;
  const { told, volume } = pet.pet;
  const { from, to } = petWindowOf(view, pet.pet);
  const value = place === null ? Number.NaN : valueAtPlace(volume, place) * told.factor;
  return (
    <span className={viewportClasses.legend}>
      <strong className={viewportClasses.mark}>{t('fusion.mark')}</strong>
      <strong className={viewportClasses.mark}>{t('fusion.movement')}</strong>
      {volume.geometry.thinning > 1 && (
        <strong className={viewportClasses.mark}>{t('mpr.thinned', { count: volume.geometry.thinning })}</strong>
      )}
      <span className={classes.scale}>
        {describeValue(from, null)}
        <i style={{ background: gradientOf(view.table) }} />
        {told.unit === null ? t('fusion.raw', { value: describeValue(to, null) }) : describeValue(to, told.unit)}
      </span>
      <span className={viewportClasses.probe}>
        {!Number.isNaN(value) && t('fusion.value', { value: describeValue(value, told.unit) })}
      </span>
    </span>
  );
}

function stateText(
  pet: Exclude<PetState, { state: 'ready' }>,
  t: ReturnType<typeof useTranslation<'reading'>>['t'],
): string {
  switch (pet.state) {
    case 'none':
      return t('fusion.none');
    case 'loading':
      return t('fusion.loading', { loaded: pet.loaded, of: pet.of });
    case 'refused':
      return t('fusion.refused', { reason: t(`volume.refused.${pet.code}`) });
  }
}

function gradientOf(table: Parameters<typeof coloursOf>[0]): string {
  const colours = coloursOf(table);
  const stops = Array.from({ length: 17 }, (_, step) => {
    const entry = Math.min(255, step * 16) * 3;
    return `rgb(${colours[entry]} ${colours[entry + 1]} ${colours[entry + 2]})`;
  });
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
