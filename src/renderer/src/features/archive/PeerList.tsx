import { Button } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerSummary } from '../../../../shared/contract/peers.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './ArchivePage.module.css';
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
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={t('peers.title')}>
        <thead>
          <tr>
            {(['peer', 'mayAsk', 'connection', 'reachable'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {peers.peers.map((peer) => (
            <PeerRow key={peer.peerId} peer={peer} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PeerRow({ peer }: { readonly peer: PeerSummary }): ReactNode {
  const { t } = useTranslation('archive');
  const { echo, ask } = useEcho(peer.peerId);
  return (
    <tr>
      <td>
        <strong>{peer.aeTitle}</strong>
        <span className={classes.facts}>
          {[peer.isArchive && t('peers.archive'), t(`peers.intent.${peer.intent}`)].filter(Boolean).join(' · ')}
        </span>
      </td>
      <td>{peer.services.map((service) => t(`peers.service.${service}`)).join(', ')}</td>
      <td>{t(peer.isSecured ? 'peers.tls' : 'peers.plain')}</td>
      <td>
        {peer.canBeCalled ? (
          <span className={classes.actions}>
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
          <span className={classes.quiet}>{t('peers.notCallable')}</span>
        )}
      </td>
    </tr>
  );
}
