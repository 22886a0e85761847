import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { SendForm } from './SendForm.tsx';

type Props = { readonly studyId: StudyId; readonly onClose: () => void; readonly onStarted: () => void };

/** One study of this station, to be sent to a peer, or fetched back where it left the cache. */
export function SendStudy({ studyId, onClose, onStarted }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const study = useQuery(station.studies.get.queryOptions({ input: { studyId } }));
  return (
    <Dialog title={t('send.title')} closeLabel={t('settle.close')} onClose={onClose} size="lg">
      {study.data !== undefined && <SendForm study={study.data} onClose={onClose} onStarted={onStarted} />}
      {study.data === undefined && study.isError && (
        <IncidentNotice
          title={t('send.unread')}
          failure={failureOf(study.error)}
          onRetry={() => void study.refetch()}
        />
      )}
      {study.isPending && <TableSkeleton columns={['1fr', '1fr']} rows={6} />}
    </Dialog>
  );
}
