import { Button, Select } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { type ChosenSeries, isNothingChosen, SeriesChoice } from '../../ui/SeriesChoice.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import classes from './ArchivePage.module.css';
import { EchoResult } from './EchoResult.tsx';
import { useEcho, usePeers } from './use-peers.ts';

type Props = { readonly study: StudyDetail; readonly onClose: () => void; readonly onStarted: () => void };

/** To whom, and how much of the study; who the patient is stands above, and the station refuses where that has changed. */
export function SendForm({ study, onClose, onStarted }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const cache = useQueryClient();
  const { permissions } = useCurrentUser();
  const peers = usePeers();
  const callable = peers.state === 'ready' ? peers.peers.filter(({ canBeCalled }) => canBeCalled) : [];
  const [chosenPeer, setChosenPeer] = useState<string | null>(null);
  const peerId = chosenPeer ?? (callable.length === 1 ? (callable[0]?.peerId ?? null) : null);
  const [chosen, setChosen] = useState<ChosenSeries>(null);
  const { echo, ask } = useEcho(peerId);
  const { row, series, letGo } = study;
  const { studyId, patient } = row;
  const sending = useMutation({
    mutationFn: (to: string) =>
      client.deliveries.send({
        ...{ studyId, patientId: patient.patientId, peerId: to },
        ...(chosen !== null && {
          seriesIds: series.flatMap(({ seriesUid, seriesId }) => (chosen.includes(seriesUid) ? [seriesId] : [])),
        }),
      }),
    onSuccess: onStarted,
    onSettled: () => cache.invalidateQueries({ queryKey: station.deliveries.key() }),
  });
  const recalling = useMutation({
    mutationFn: () => client.studies.recall({ studyId }),
    onSuccess: onStarted,
    onSettled: () => cache.invalidateQueries({ queryKey: station.retrievals.key() }),
  });
  const failed = sending.error ?? recalling.error;
  const failure = failed === null ? null : failureOf(failed);
  const isReady = peerId !== null && !isNothingChosen(chosen);
  return (
    <div className={page.stack}>
      <PatientHeader patient={patient} accession={row.accession} exam={row.exam} />
      {letGo > 0 && (
        <div className={classes.notice} role="status">
          <span>{t('send.letGo', { count: letGo })}</span>
          <Button size="xs" variant="default" loading={recalling.isPending} onClick={() => recalling.mutate()}>
            {t('send.recall')}
          </Button>
        </div>
      )}
      {patient.underInvestigation && <p className={page.warn}>{t('send.inDoubt')}</p>}
      {permissions.includes('delivery.send') && (
        <>
          <div className={classes.line}>
            <Select
              label={t('send.to')}
              placeholder={t('send.choose')}
              data={callable.map(({ peerId: value, aeTitle }) => ({ value, label: aeTitle }))}
              value={peerId}
              onChange={setChosenPeer}
              nothingFoundMessage={t('peers.noneToAsk')}
              required
            />
            <Button variant="default" loading={echo.state === 'asking'} disabled={peerId === null} onClick={ask}>
              {t('peers.test')}
            </Button>
            <EchoResult echo={echo} />
          </div>
          {peers.state === 'failed' && (
            <p role="alert" className={page.bad}>
              {t('peers.failed')}
            </p>
          )}
          <SeriesChoice
            label={t('send.what')}
            series={series}
            images={row.images.received}
            chosen={chosen}
            onChoose={setChosen}
          />
        </>
      )}
      <RefusalText failure={failure} t={t} />
      <div className={page.actions}>
        {permissions.includes('delivery.send') && (
          <Button
            loading={sending.isPending}
            disabled={!isReady}
            onClick={() => peerId !== null && sending.mutate(peerId)}
          >
            {t('send.send')}
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {t('settle.close')}
        </Button>
      </div>
    </div>
  );
}
