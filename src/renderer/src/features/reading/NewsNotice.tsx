import { Button } from '@mantine/core';
import { IconAlertTriangle, IconPhotoPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
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
