import { Button, NumberInput, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { ReasonList } from '../../ui/ReasonList.tsx';
import { SignatureDialog } from '../../ui/SignatureDialog.tsx';
import classes from './StudyPreview.module.css';

type Props = { readonly row: WorklistRow };

/** For whom the selected study is and why, and the way to set it to a reader for a time. */
export function RoutedSection({ row }: Props): ReactNode {
  const { t } = useTranslation();
  const { userId, permissions } = useCurrentUser();
  const [isSetting, setIsSetting] = useState<'me' | 'anyone' | null>(null);
  const { routed } = row;
  const maySet = permissions.includes('routing.override') && row.openedBy === null;
  if (routed === null && !maySet) return null;
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
      {maySet && (
        <div className={classes.moreActions}>
          {permissions.includes('study.open') && routed?.to?.userId !== userId && (
            <Button size="compact-sm" variant="default" onClick={() => setIsSetting('me')}>
              {t('worklist.routed.setMe')}
            </Button>
          )}
          <Button size="compact-sm" variant="default" onClick={() => setIsSetting('anyone')}>
            {t('worklist.routed.set')}
          </Button>
        </div>
      )}
      {isSetting !== null && (
        <PinDialog row={row} to={isSetting === 'me' ? userId : null} onClose={() => setIsSetting(null)} />
      )}
    </section>
  );
}

type PinProps = Props & { readonly to: string | null; readonly onClose: () => void };

function PinDialog({ row, to, onClose }: PinProps): ReactNode {
  const { t } = useTranslation();
  const { t: signing } = useTranslation('triage');
  const cache = useQueryClient();
  const routing = useQuery(station.routing.state.queryOptions());
  const [reader, setReader] = useState(to);
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
      action={t(to === null ? 'worklist.routed.set' : 'worklist.routed.setMe')}
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
