import { IconReceiptOff } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { RunView } from './RunView.tsx';
import { useReplay, useRun } from './use-run.ts';

/** One run of a model: what was read, by what, when, how long each stage took, what came out, and whether it comes out again. */
export function RunPage(): ReactNode {
  const { t } = useTranslation('runs');
  const { runId } = useParams({ from: '/shell/runs/$runId' });
  const cache = useQueryClient();
  const shown = useRun(runId);
  const replay = useReplay(() => void cache.invalidateQueries());
  switch (shown.state) {
    case 'loading':
      return <TableSkeleton columns={['1fr', '1fr', '1fr']} rowHeight={40} rows={12} />;
    case 'missing':
      return (
        <EmptyState icon={<IconReceiptOff size={28} aria-hidden />} title={t('missing')}>
          {t('missingText')}
        </EmptyState>
      );
    case 'failed':
      return <IncidentNotice title={t('failed')} failure={shown.failure} onRetry={shown.retry} />;
    case 'ready':
      return <RunView run={shown.run} receipt={shown.receipt} replay={replay} />;
  }
}
