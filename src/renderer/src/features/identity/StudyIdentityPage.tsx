import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { StudyIdentityView } from './StudyIdentityView.tsx';

/** Who a study is of, what speaks for and against it, and the way to put it right. */
export function StudyIdentityPage(): ReactNode {
  const { t } = useTranslation('corrections');
  const { studyId } = useParams({ from: '/shell/identity/$studyId' });
  const cache = useQueryClient();
  const identity = useQuery(station.identity.study.queryOptions({ input: { studyId } }));
  if (identity.isError) {
    const retry = () => void identity.refetch();
    return <IncidentNotice title={t('identity.failed')} failure={failureOf(identity.error)} onRetry={retry} />;
  }
  if (identity.data === undefined) return <TableSkeleton columns={['1fr', '1fr', '1fr']} rowHeight={40} rows={12} />;
  return (
    <StudyIdentityView key={studyId} identity={identity.data} onCorrected={() => void cache.invalidateQueries()} />
  );
}
