import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerStudy, PeerSummary } from '../../../../shared/contract/peers.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import classes from './ArchivePage.module.css';
import { PatientOfPeer } from './found-columns.tsx';
import { TransferState } from './TransferState.tsx';
import type { Transfers } from './use-transfers.ts';

type Props = { readonly study: PeerStudy; readonly peer: PeerSummary; readonly transfers: Transfers };

/** The chosen study of a peer: whose and what it is, whether it is here, and the way to fetch it. */
export function FoundStudy({ study, peer, transfers }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const cache = useQueryClient();
  const fetching = useMutation({
    mutationFn: () => client.retrievals.start({ peerId: peer.peerId, studyUid: study.studyUid }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.retrievals.key() }),
  });
  const of =
    transfers.state === 'ready'
      ? transfers.transfers.find((one) => one.way === 'fetch' && one.fetch.studyUid === study.studyUid)
      : undefined;
  const studyId = (of?.way === 'fetch' ? of.fetch.studyId : null) ?? study.studyId;
  const failure = fetching.isError ? failureOf(fetching.error) : null;
  const facts = [
    ['accession', study.accession],
    ['exam', [study.modalities.join(' '), study.description].filter(Boolean).join(' · ')],
    ['date', formatDicomDate(study.dateRaw)],
    ['images', t('found.images', { series: study.series ?? '?', images: study.instances ?? '?' })],
    ['availability', study.availability && t([`availability.${study.availability}`, 'availability.unknown'])],
  ] as const;
  return (
    <div className={page.stack}>
      <div className={classes.whole}>
        <PatientOfPeer study={study} />
      </div>
      <Facts facts={facts.map(([name, value]) => [t(`column.${name}`), value || '–'] as const)} />
      <div className={page.actions}>
        <Button size="xs" loading={fetching.isPending} disabled={of?.isOpen === true} onClick={() => fetching.mutate()}>
          {t(studyId === null ? 'found.fetch' : 'found.fetchAgain', { peer: peer.aeTitle })}
        </Button>
        {studyId !== null && (
          <Button size="xs" variant="default" component={Link} to={`/reading/${studyId}`}>
            {t('found.open')}
          </Button>
        )}
      </div>
      <p className={page.quiet}>{t('found.forComparison')}</p>
      {of !== undefined && <TransferState transfer={of} />}
      <RefusalText failure={failure} t={t} />
    </div>
  );
}
