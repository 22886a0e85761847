import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImportCard } from '../../../../shared/contract/media.ts';
import classes from './MediaPage.module.css';
import { useUploads } from './uploads.ts';

/** How many files are through; while it runs, of how many. */
export function HowFar({ card }: { readonly card: ImportCard }): ReactNode {
  const { t } = useTranslation('media');
  const upload = useUploads((all) => all[card.importId]);
  const { found, stored, duplicates, quarantined, notDicom, failed } = card.counts;
  const done = stored + duplicates + quarantined + notDicom + failed;
  if (card.state !== 'running')
    return (
      <>
        {stored} {t('import.counts.stored')}
        {duplicates > 0 && ` · ${duplicates} ${t('import.counts.duplicates')}`}
        {quarantined > 0 && ` · ${quarantined} ${t('import.counts.quarantined')}`}
        {notDicom + failed > 0 && ` · ${notDicom + failed} ${t('import.counts.notTaken')}`}
      </>
    );
  const isSending = upload?.isSending === true;
  const [part, all] = isSending ? [upload.sent + upload.failed, upload.total] : [done, found];
  return (
    <span className={classes.far}>
      <Progress value={all === 0 ? 0 : (100 * part) / all} aria-label={t('import.columns.files')} />
      {isSending
        ? t('import.sending', { sent: upload.sent, total: upload.total })
        : t('import.progress', { done, found })}
    </span>
  );
}
