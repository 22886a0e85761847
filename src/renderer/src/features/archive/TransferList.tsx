import { ActionIcon, Tooltip } from '@mantine/core';
import { IconArrowsExchange, IconCloudDownload, IconCloudUpload, IconRefresh, IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerStudy } from '../../../../shared/contract/peers.ts';
import { client } from '../../bridge/client.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import page from '../../ui/Page.module.css';
import classes from './ArchivePage.module.css';
import { PatientOfPeer } from './found-columns.tsx';
import { SettleSend, type SendAction } from './SettleSend.tsx';
import { TransferState } from './TransferState.tsx';
import { examOf, patientOf } from './transfer-face.ts';
import type { Transfer, Transfers } from './use-transfers.ts';

/** The columns: which way and with whom, patient, exam, how far, when and by whom, what can be done. */
const TRACKS = ['150px', 'minmax(180px, 1fr)', 'minmax(140px, 1fr)', 'minmax(200px, 1.3fr)', '150px', '72px'] as const;

type Props = { readonly transfers: Transfers; readonly asked: ReadonlyMap<string, PeerStudy> };

/** Everything that goes between the station and its peers: what waits or needs a person first. */
export function TransferList({ transfers, asked }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const [settling, setSettling] = useState<SendAction | null>(null);
  if (transfers.state === 'loading') return <TableSkeleton columns={TRACKS} rowHeight={52} rows={8} />;
  if (transfers.state === 'failed')
    return <IncidentNotice title={t('transfer.unread')} failure={transfers.failure} onRetry={transfers.retry} />;
  if (transfers.transfers.length === 0)
    return (
      <EmptyState icon={<IconArrowsExchange size={28} />} title={t('transfer.empty')}>
        {t('transfer.emptyText')}
      </EmptyState>
    );
  return (
    <>
      <DataTable
        label={t('transfer.title')}
        columns={(['way', 'patient', 'exam', 'state', 'asked', 'actions'] as const).map((one) => t(`column.${one}`))}
      >
        {transfers.transfers.map((transfer) => (
          <TransferRow key={transfer.id} transfer={transfer} asked={asked} onSettle={setSettling} />
        ))}
      </DataTable>
      {settling !== null && <SettleSend action={settling} onClose={() => setSettling(null)} />}
    </>
  );
}

type RowProps = {
  readonly transfer: Transfer;
  readonly asked: Props['asked'];
  readonly onSettle: (action: SendAction) => void;
};

function TransferRow({ transfer, asked, onSettle }: RowProps): ReactNode {
  const { t } = useTranslation('archive');
  const { zone } = useCurrentUser().site;
  const isFetch = transfer.way === 'fetch';
  const peer = isFetch ? transfer.fetch.aeTitle : transfer.send.destination;
  const studyId = isFetch ? transfer.fetch.studyId : transfer.send.studyId;
  const patient = patientOf(transfer, asked);
  const exam = examOf(transfer, asked);
  const Icon = isFetch ? IconCloudDownload : IconCloudUpload;
  return (
    <tr>
      <td data-number>
        <span className={classes.way}>
          <Icon size={16} aria-hidden />
          {t(`way.${transfer.way}`, { peer: peer ?? '?' })}
        </span>
        {isFetch && <span className={page.facts}>{t(`app:code.because.${transfer.fetch.because}`)}</span>}
        {!isFetch && transfer.send.series !== null && (
          <span className={page.facts}>{t('transfer.series', { count: transfer.send.series })}</span>
        )}
      </td>
      <td>
        {patient === null ? (
          <span className={page.quiet}>{t('transfer.notHereYet')}</span>
        ) : (
          <PatientOfPeer study={patient} />
        )}
      </td>
      <td>
        {studyId === null || exam === null ? (
          exam
        ) : (
          <Link to="/reading/$studyId" params={{ studyId }}>
            {exam}
          </Link>
        )}
      </td>
      <td>
        <TransferState transfer={transfer} />
        {!isFetch &&
          transfer.send.state === 'queued' &&
          transfer.send.nextAttemptAtMs !== null &&
          transfer.send.attempts > 0 && (
            <span className={page.facts}>
              {t('transfer.next', { at: formatMoment(transfer.send.nextAttemptAtMs, zone) })}
            </span>
          )}
      </td>
      <td data-number className={page.quiet}>
        {formatMoment(transfer.atMs, zone)}
        <span className={page.facts}>{isFetch ? transfer.fetch.askedBy : transfer.send.askedBy}</span>
      </td>
      <td data-number>
        {isFetch ? <FetchActions transfer={transfer} /> : <SendActions transfer={transfer} onSettle={onSettle} />}
      </td>
    </tr>
  );
}

function FetchActions({ transfer }: { readonly transfer: Extract<Transfer, { way: 'fetch' }> }): ReactNode {
  const { t } = useTranslation('archive');
  const cache = useQueryClient();
  const { retrievalId, peerId, studyUid, because, state } = transfer.fetch;
  const onSettled = () => cache.invalidateQueries({ queryKey: station.retrievals.key() });
  const cancel = useMutation({ mutationFn: () => client.retrievals.cancel({ retrievalId }), onSettled });
  const again = useMutation({
    mutationFn: () => client.retrievals.start({ peerId, studyUid, because }),
    onSettled,
  });
  if (transfer.isOpen)
    return (
      <Action
        label={t('transfer.cancelFetch')}
        icon={<IconX size={16} />}
        isBusy={cancel.isPending}
        run={cancel.mutate}
      />
    );
  if (state === 'done') return null;
  return (
    <Action
      label={t('transfer.fetchAgain')}
      icon={<IconRefresh size={16} />}
      isBusy={again.isPending}
      run={again.mutate}
    />
  );
}

type SendActionsProps = {
  readonly transfer: Extract<Transfer, { way: 'send' }>;
  readonly onSettle: RowProps['onSettle'];
};

function SendActions({ transfer, onSettle }: SendActionsProps): ReactNode {
  const { t } = useTranslation('archive');
  const { permissions } = useCurrentUser();
  const { state } = transfer.send;
  if (!permissions.includes('delivery.send') || state === 'delivered' || state === 'cancelled') return null;
  return (
    <span className={classes.way}>
      {state !== 'claimed' && state !== 'sent' && (
        <Action
          label={t('transfer.retry')}
          icon={<IconRefresh size={16} />}
          run={() => onSettle({ kind: 'retry', send: transfer.send })}
        />
      )}
      <Action
        label={t('transfer.giveUp')}
        icon={<IconX size={16} />}
        run={() => onSettle({ kind: 'cancel', send: transfer.send })}
      />
    </span>
  );
}

type ActionProps = {
  readonly label: string;
  readonly icon: ReactNode;
  readonly isBusy?: boolean;
  readonly run: () => void;
};

function Action({ label, icon, isBusy = false, run }: ActionProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} loading={isBusy} onClick={() => run()}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
