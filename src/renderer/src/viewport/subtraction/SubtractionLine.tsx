import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from '../ImageViewport.module.css';
import type { StackImage } from '../stack.ts';

type Props = {
  readonly image: StackImage;
  /** Of a series that can be subtracted: whether it is; null of all others. */
  readonly isOn: boolean | null;
};

/** Says on the picture from what it was subtracted, that it was not, or that it could be. */
export function SubtractionLine({ image: { subtracted, frame }, isOn }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (subtracted === undefined) {
    if (isOn === null) return null;
    return isOn ? (
      <strong className={classes.mark}>{t('subtraction.noMask')}</strong>
    ) : (
      <span>{t('subtraction.asStored')}</span>
    );
  }
  const { maskFrames, averaged, shift, share, by } = subtracted;
  const isMask = maskFrames.includes(frame) && maskFrames.length === 1;
  return (
    <>
      <strong className={classes.mark} data-subtracted>
        {t(isMask ? 'subtraction.isMask' : 'subtraction.mark', { frames: maskFrames.join(', ') })}
        {` · ${t(`subtraction.by.${by}`)}`}
      </strong>
      {averaged > 1 && <span>{t('subtraction.averaged', { count: averaged })}</span>}
      {shift.some((one) => one !== 0) && (
        <span>{t('subtraction.shifted', { down: shift[0].toFixed(1), left: shift[1].toFixed(1) })}</span>
      )}
      {share < 1 && <span>{t('subtraction.kept', { percent: Math.round(100 * (1 - share)) })}</span>}
    </>
  );
}
