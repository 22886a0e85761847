import { Button } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerSummary } from '../../../../shared/contract/peers.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import page from '../../ui/Page.module.css';
import { EchoResult } from './EchoResult.tsx';
import { useEcho, usePeers } from './use-peers.ts';

const TRACKS = ['170px', 'minmax(160px, 1fr)', '140px', 'minmax(200px, 1fr)'] as const;

/** The machines that the station knows, and whether they are there. */
export function PeerList(): ReactNode {
  const { t } = useTranslation('archive');
  const peers = usePeers();
  if (peers.state === 'loading') return <TableSkeleton columns={TRACKS} rows={6} />;
  if (peers.state === 'failed')
    return <IncidentNotice title={t('peers.failed')} failure={peers.failure} onRetry={peers.retry} />;
  if (peers.peers.length === 0)
    return (
      <EmptyState icon={<IconPlugConnected size={28} />} title={t('peers.empty')}>
        {t('peers.emptyText')}
      </EmptyState>
    );
  return (
    <DataTable
      label={t('peers.title')}
      columns={(['peer', 'mayAsk', 'connection', 'reachable'] as const).map((column) => t(`column.${column}`))}
    >
      {peers.peers.map((peer) => (
        <PeerRow key={peer.peerId} peer={peer} />
      ))}
    </DataTable>
  );
}

function PeerRow({ peer }: { readonly peer: PeerSummary }): ReactNode {
  const { t } = useTranslation('archive');
  const { echo, ask } = useEcho(peer.peerId);
  return (
    <tr>
      <td>
        <strong>{peer.aeTitle}</strong>
        <span className={page.facts}>
          {[peer.isArchive && t('peers.archive'), t(`peers.intent.${peer.intent}`)].filter(Boolean).join(' · ')}
        </span>
      </td>
      <td>{peer.services.map((service) => t(`peers.service.${service}`)).join(', ')}</td>
      <td>{t(peer.isSecured ? 'peers.tls' : 'peers.plain')}</td>
      <td>
        {peer.canBeCalled ? (
          <span className={page.actions}>
            <Button
              size="compact-xs"
              variant="default"
              loading={echo.state === 'asking'}
              aria-label={t('peers.testOf', { peer: peer.aeTitle })}
              onClick={ask}
            >
              {t('peers.test')}
            </Button>
            <EchoResult echo={echo} />
          </span>
        ) : (
          <span className={page.quiet}>{t('peers.notCallable')}</span>
        )}
      </td>
    </tr>
  );
}
