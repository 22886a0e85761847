import { Button } from '@mantine/core';
import { IconEyeOff, IconPhotoX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import classes from './reading.module.css';

type Props = {
  readonly hidden: StudyDetail['hidden'];
  readonly isShown: boolean;
  readonly onShow: (isShown: boolean) => void;
};

/** What is not shown of a study, and why: never in silence. What was rejected for its quality alone can be looked at. */
export function RejectedImages({ hidden, isShown, onShow }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (hidden.counts.length === 0) return null;
  return (
    <div className={classes.rejectedImages}>
      <ul className={classes.plainList}>
        {hidden.counts.map(({ reason, images }) => (
          <li key={reason}>
            <IconPhotoX size={14} aria-hidden />{' '}
            {t(isShown && reason === 'rejected-for-quality' ? 'rejected.countShown' : 'rejected.count', {
              count: images,
              reason: t(`app:code.reason.${reason}`),
            })}
          </li>
        ))}
      </ul>
      {hidden.rejected.length > 0 && (
        <Button size="compact-xs" variant="default" aria-pressed={isShown} onClick={() => onShow(!isShown)}>
          {t(isShown ? 'rejected.hide' : 'rejected.show', { count: hidden.rejected.length })}
        </Button>
      )}
    </div>
  );
}

/** Says as long as it is so that rejected images stand among the others, with the way back. */
export function RejectedNotice({ onHide }: { readonly onHide: () => void }): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <div className={classes.news} role="status">
      <IconEyeOff size={16} aria-hidden />
      <span>{t('rejected.areShown')}</span>
      <Button size="compact-xs" variant="default" onClick={onHide}>
        {t('rejected.hideAgain')}
      </Button>
    </div>
  );
}
