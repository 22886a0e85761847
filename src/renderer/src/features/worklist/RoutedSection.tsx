import { Button, NumberInput, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isOpenedAsItIs, type WorklistRow } from '../../../../shared/contract/worklist.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { ReasonList } from '../../ui/ReasonList.tsx';
import { SignatureDialog } from '../../ui/SignatureDialog.tsx';
import type { Taking } from './use-taking.ts';
import classes from './StudyPreview.module.css';

type Props = { readonly row: WorklistRow };

/** For whom the selected study is and why, and the ways to take it, to give it back and to set it to a reader for a time. */
export function RoutedSection({ row, taking }: Props & { readonly taking: Taking }): ReactNode {
  const { t } = useTranslation();
  const { userId, permissions } = useCurrentUser();
  const [isSetting, setIsSetting] = useState(false);
  const { routed } = row;
  const isWaiting = !isOpenedAsItIs(row);
  const maySet = isWaiting && permissions.includes('routing.override');
  const mayTake = isWaiting && permissions.includes('study.open');
  const isMine = routed?.standing === 'pinned' && routed.to?.userId === userId;
  if (routed === null && !maySet && !mayTake) return null;
  return (
    <section>
      <h2 className={classes.heading}>{t('worklist.routed.title')}</h2>
      {routed === null ? (
        <p className={classes.quiet}>{t('worklist.routed.none')}</p>
      ) : (
        <>
          <p>
            <strong>
              {routed.to?.userId === userId
                ? t('worklist.routed.me')
                : (routed.to?.displayName ?? routed.group ?? t('worklist.routed.anyone'))}
            </strong>{' '}
            <span className={classes.quiet}>{t(`worklist.routed.standing.${routed.standing}`)}</span>
          </p>
          <ReasonList reasons={routed.reasons} />
        </>
      )}
      {(maySet || mayTake) && (
        <div className={classes.sectionActions}>
          {mayTake && (
            <Button size="compact-sm" variant="default" loading={taking.isPending} onClick={() => taking.toggle(row)}>
              {t(isMine ? 'worklist.taking.giveBack' : 'worklist.taking.take')}
            </Button>
          )}
          {maySet && (
            <Button size="compact-sm" variant="default" onClick={() => setIsSetting(true)}>
              {t('worklist.routed.set')}
            </Button>
          )}
        </div>
      )}
      {isSetting && <PinDialog row={row} onClose={() => setIsSetting(false)} />}
    </section>
  );
}

type PinProps = Props & { readonly onClose: () => void };

function PinDialog({ row, onClose }: PinProps): ReactNode {
  const { t } = useTranslation();
  const { t: signing } = useTranslation('triage');
  const cache = useQueryClient();
  const routing = useQuery(station.routing.state.queryOptions());
  const [reader, setReader] = useState<string | null>(null);
  const [hours, setHours] = useState<number | string>(8);
  const people = routing.data?.people ?? [];
  const chosen = people.find(({ userId }) => userId === reader);
  const isTime = Number.isInteger(hours) && Number(hours) >= 1 && Number(hours) <= 168;
  const pinning = useMutation({
    async mutationFn(reason: string) {
      if (chosen === undefined) return;
      const { studyId, patient } = row;
      const { userId } = chosen;
      await client.routing.pin({ studyId, patientId: patient.patientId, userId, reason, hours: Number(hours) });
    },
    async onSuccess() {
      onClose();
      await cache.invalidateQueries({ queryKey: station.routing.key() });
    },
  });
  const failure = pinning.isError ? pinning.error : routing.isError ? routing.error : null;
  return (
    <SignatureDialog
      title={t('worklist.routed.setTitle')}
      text={t('worklist.routed.setText')}
      action={t('worklist.routed.set')}
      asks={['reason']}
      isReady={chosen !== undefined && isTime}
      isPending={pinning.isPending}
      failure={failure === null ? null : failureOf(failure)}
      t={signing}
      onSign={({ reason }) => pinning.mutate(reason)}
      onClose={onClose}
    >
      <PatientHeader patient={row.patient} accession={row.accession} exam={row.exam} />
      <Select
        label={t('worklist.routed.reader')}
        data={people.map(({ userId, displayName }) => ({ value: userId, label: displayName }))}
        value={reader}
        onChange={setReader}
        searchable
        required
      />
      <NumberInput
        label={t('worklist.routed.hours')}
        min={1}
        max={168}
        allowDecimal={false}
        value={hours}
        onChange={setHours}
      />
    </SignatureDialog>
  );
}
