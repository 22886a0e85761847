import { useMutation } from '@tanstack/react-query';
import { IconDatabaseSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerQuestion, PeerStudy } from '../../../../shared/contract/peers.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { announce } from '../../ui/announcer.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import page from '../../ui/Page.module.css';
import { RowGrid } from '../../ui/RowGrid.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './ArchivePage.module.css';
import { foundColumns } from './found-columns.tsx';
import { FoundStudy } from './FoundStudy.tsx';
import { PeerRefusal } from './PeerRefusal.tsx';
import { QuestionForm } from './QuestionForm.tsx';
import { usePeers } from './use-peers.ts';
import type { Transfers } from './use-transfers.ts';

/** What the answer looks like, before there are columns. */
const SHAPE = ['1.4fr', '100px', '1fr', '120px', '96px', '60px'] as const;

type Props = {
  readonly transfers: Transfers;
  readonly onAsked: (answer: readonly PeerStudy[]) => void;
};

/** Looks for studies at a peer, and fetches the chosen one. */
export function FindStudies({ transfers, onAsked }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const peers = usePeers();
  const [selectedUid, setSelectedUid] = useState<string | null>(null);
  const asking = useMutation({
    mutationFn: ({ peerId, question }: { peerId: string; question: PeerQuestion }) =>
      client.peers.query({ peerId, question }),
    onMutate: () => setSelectedUid(null),
    onSuccess: ({ studies }) => {
      onAsked(studies);
      announce(t('found.count', { count: studies.length }));
    },
  });
  if (peers.state === 'loading') return <TableSkeleton columns={SHAPE} rows={12} />;
  if (peers.state === 'failed')
    return <IncidentNotice title={t('peers.failed')} failure={peers.failure} onRetry={peers.retry} />;
  const callable = peers.peers.filter(({ canBeCalled }) => canBeCalled);
  if (callable.length === 0)
    return (
      <EmptyState icon={<IconDatabaseSearch size={28} />} title={t('peers.noneToAsk')}>
        {t('peers.noneToAskText')}
      </EmptyState>
    );
  const { data, variables } = asking;
  const peer = callable.find(({ peerId }) => peerId === variables?.peerId) ?? null;
  const arrived = new Set(
    transfers.state === 'ready'
      ? transfers.transfers.flatMap((one) =>
          one.way === 'fetch' && one.fetch.studyId !== null ? [one.fetch.studyUid] : [],
        )
      : [],
  );
  const columns = foundColumns(t, arrived);
  const selected = data?.studies.find(({ studyUid }) => studyUid === selectedUid) ?? null;
  return (
    <div className={classes.find}>
      <QuestionForm peers={callable} isAsking={asking.isPending} onAsk={asking.mutate} />
      <div className={page.body}>
        <div className={page.list}>
          {asking.isPending && <TableSkeleton columns={SHAPE} rowHeight={44} rows={10} />}
          {asking.isError && (
            <PeerRefusal
              title={t('found.failed', { peer: peer?.aeTitle ?? '' })}
              failure={failureOf(asking.error)}
              onRetry={() => variables && asking.mutate(variables)}
            />
          )}
          {asking.isIdle && (
            <EmptyState icon={<IconDatabaseSearch size={28} />} title={t('found.before')}>
              {t('found.beforeText')}
            </EmptyState>
          )}
          {asking.isSuccess && data?.studies.length === 0 && (
            <EmptyState
              icon={<IconDatabaseSearch size={28} />}
              title={t('found.nothing', { peer: peer?.aeTitle ?? '' })}
            >
              {t('found.nothingText')}
            </EmptyState>
          )}
          {asking.isSuccess && data !== undefined && data.studies.length > 0 && (
            <>
              {!data.isWhole && <p className={page.warn}>{t('found.notWhole', { count: data.studies.length })}</p>}
              <RowGrid
                label={t('found.title')}
                {...{ columns, rows: data.studies, selected: selectedUid, onSelect: setSelectedUid }}
                keyOf={({ studyUid }) => studyUid}
              />
            </>
          )}
        </div>
        {asking.isSuccess && data !== undefined && data.studies.length > 0 && (
          <aside className={page.side} aria-label={t('found.details')}>
            {selected === null || peer === null ? (
              <p className={page.quiet}>{t('found.select')}</p>
            ) : (
              <FoundStudy key={selected.studyUid} study={selected} peer={peer} transfers={transfers} />
            )}
          </aside>
        )}
      </div>
    </div>
  );
}
