import { Button, Progress } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExportCard } from '../../../../shared/contract/media.ts';
import { client } from '../../bridge/client.ts';
import { station } from '../../bridge/queries.ts';
import { formatMoment } from '../../ui/duration.ts';
import { formatPersonName } from '../../ui/person-name.ts';
import page from '../../ui/Page.module.css';
import classes from './MediaPage.module.css';

/** Studies written into folders of the station's machine, newest first. */
export function ExportList({
  exports,
  zone,
}: {
  readonly exports: readonly ExportCard[];
  readonly zone: string;
}): ReactNode {
  const { t } = useTranslation('media');
  const cache = useQueryClient();
  const cancel = useMutation({
    mutationFn: (exportId: string) => client.exports.cancel({ exportId }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.exports.key() }),
  });
  if (exports.length === 0) return <p className={page.quiet}>{t('export.empty')}</p>;
  return (
    <ul className={classes.exports}>
      {exports.map((one) => (
        <li key={one.exportId}>
          <span className={page.quiet}>{formatMoment(one.startedAtMs, zone)}</span>
          <span>
            {one.study && <span data-phi>{formatPersonName(one.study.patientName)}</span>}
            {one.study?.description && ` · ${one.study.description}`}
          </span>
          <span>
            {one.folder} / {one.name}
          </span>
          <span className={classes.far}>
            {one.state === 'running' && (
              <Progress value={(100 * (one.written + one.missing)) / Math.max(1, one.total)} aria-label={one.name} />
            )}
            {t(`import.state.${one.state}`)} · {t('export.progress', { written: one.written, total: one.total })}
            {one.missing > 0 && ` · ${t('export.missing', { count: one.missing })}`}
          </span>
          {one.code !== null && <span className={page.bad}>{t(`export.code.${one.code}`)}</span>}
          {one.state === 'running' && (
            <Button size="compact-xs" variant="default" onClick={() => cancel.mutate(one.exportId)}>
              {t('export.cancel')}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
