import { Button } from '@mantine/core';
import { IconUserEdit } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { CorrectionHistory } from './CorrectionHistory.tsx';
import page from '../../ui/Page.module.css';

/** Every correction of the site, and the way back from each: also to studies that are hidden whole. */
export function CorrectionsPage(): ReactNode {
  const { t } = useTranslation('corrections');
  const cache = useQueryClient();
  const query = useInfiniteQuery(
    station.identity.corrections.infiniteOptions({
      input: (before) => ({ before }),
      initialPageParam: undefined as number | undefined,
      getNextPageParam: (last) => last.next ?? undefined,
    }),
  );
  if (query.isError) {
    const retry = () => void query.refetch();
    return <IncidentNotice title={t('corrections.failed')} failure={failureOf(query.error)} onRetry={retry} />;
  }
  if (query.data === undefined) return <TableSkeleton columns={['1fr']} rowHeight={64} rows={8} />;
  const corrections = query.data.pages.flatMap((one) => one.corrections);
  return (
    <div className={page.sheet}>
      <h1 className={page.title}>{t('corrections.title')}</h1>
      <p className={page.quiet}>{t('corrections.text')}</p>
      {corrections.length === 0 ? (
        <EmptyState icon={<IconUserEdit size={28} />} title={t('corrections.empty')}>
          {t('corrections.emptyText')}
        </EmptyState>
      ) : (
        <CorrectionHistory corrections={corrections} withStudies onUndone={() => void cache.invalidateQueries()} />
      )}
      {query.hasNextPage && (
        <div>
          <Button variant="default" size="xs" onClick={() => void query.fetchNextPage()}>
            {t('corrections.more')}
          </Button>
        </div>
      )}
    </div>
  );
}
