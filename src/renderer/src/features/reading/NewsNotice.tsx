import { Button } from '@mantine/core';
import { IconAlertTriangle, IconPhotoPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { reasonText } from '../../ui/story-text.ts';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import classes from './reading.module.css';
import type { StudyNews } from './study-news.ts';

type Props = { readonly news: StudyNews; readonly onReload: () => void };

/** Says that the station knows more than the screen shows, where it moves nothing; a person reloads. */
export function NewsNotice({ news, onReload }: Props): ReactNode {
  const { t } = useTranslation('reading');
  if (news === 'nothing') return null;
  return (
    <div className={classes.news} data-news={news} role={news === 'patient' ? 'alert' : 'status'}>
      {news === 'patient' ? <IconAlertTriangle size={16} aria-hidden /> : <IconPhotoPlus size={16} aria-hidden />}
      <span>{t(`news.${news}`)}</span>
      <Button size="compact-xs" variant="default" onClick={onReload}>
        {t('news.reload')}
      </Button>
    </div>
  );
}

type FlagProps = { readonly row: WorklistRow; readonly onSeen: () => void };

/** Says that the study was raised or flagged while it is open here, as what, and why; it counts as unopened until the reader has said that they saw it. */
export function FlagNotice({ row, onSeen }: FlagProps): ReactNode {
  const { t } = useTranslation('reading');
  const { t: appText } = useTranslation();
  const [reason] = row.reasons;
  const why = reason === undefined ? '' : reasonText(reason, appText);
  return (
    <div className={classes.news} data-news="flagged" role="alert">
      <UrgencyMark level={row.urgency.level} standing={row.urgency.standing} />
      <span className={classes.newsText} title={why}>
        {t('news.flagged')} {why}
      </span>
      <Button size="compact-xs" variant="default" onClick={onSeen}>
        {t('news.seen')}
      </Button>
    </div>
  );
}
