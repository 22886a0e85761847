import { Select } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatientIdentity, StudyIdentity } from '../../../../shared/contract/identity.ts';
import { CORRECTION_REASONS, HIDING_REASONS } from '../../../../shared/domain/correction.ts';
import { failureOf } from '../../bridge/failure.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DialogActions } from '../../ui/DialogActions.tsx';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import { type AskedCorrection, performCorrection } from './asked-correction.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import classes from './identity.module.css';
import { PatientCardOf } from './PatientCardOf.tsx';
import { type ChosenPatient, PatientPicker } from './PatientPicker.tsx';

type Props = {
  readonly identity: StudyIdentity;
  readonly asked: AskedCorrection;
  /** Given where the other patient is chosen already. */
  readonly other?: PatientIdentity | undefined;
  readonly onClose: () => void;
  readonly onDone: () => void;
};

const NEEDS_PATIENT = new Set<AskedCorrection['kind']>(['move', 'split', 'merge']);

/** Shows both patients side by side, says what the correction does, asks for the reason, and makes it. */
export function CorrectionDialog({ identity, asked, other, onClose, onDone }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const [chosen, setChosen] = useState<ChosenPatient | null>(
    other === undefined
      ? null
      : { target: { patientId: other.patientId, identityVersion: other.identityVersion }, shown: other },
  );
  const [reason, setReason] = useState<string | null>(null);
  const correct = useMutation({
    mutationFn: () => performCorrection(identity, asked, chosen?.target ?? null, reason),
    onSuccess: onDone,
  });
  const failure = correct.isError ? failureOf(correct.error) : null;
  const { patient, study } = identity;
  const needsPatient = NEEDS_PATIENT.has(asked.kind);
  // What is split off may stay the same patient's: then nobody is chosen.
  const isReady = reason !== null && (!needsPatient || chosen !== null || asked.kind === 'split');
  const reasons = asked.kind === 'hide' ? HIDING_REASONS : CORRECTION_REASONS;
  return (
    <Dialog title={t(titleOf(asked))} closeLabel={t('identity.cancel')} onClose={onClose} size="xl">
      <div className={page.stack}>
        <p>{t(`identity.says.${asked.kind}`)}</p>
        {asked.kind !== 'merge' && <StudyFaceCard study={study} />}
        {needsPatient && other === undefined && (
          <PatientPicker exceptId={patient.patientId} mayBeNew={asked.kind !== 'merge'} onChoose={setChosen} />
        )}
        {needsPatient && (
          <div className={classes.sides}>
            <PatientCardOf patient={patient} title={t('identity.now')} />
            {chosen === null ? (
              asked.kind === 'split' && <PatientCardOf patient={patient} title={t('identity.samePatient')} />
            ) : (
              <PatientCardOf patient={chosen.shown} title={t('identity.then')} />
            )}
          </div>
        )}
        <Select
          label={t('identity.reason')}
          data={reasons.map((one) => ({ value: one, label: t(`app:code.reason.${one}`) }))}
          value={reason}
          onChange={setReason}
          required
        />
        <RefusalText failure={failure} t={t} />
        <DialogActions
          {...{ confirm: t('identity.confirmButton'), cancel: t('identity.cancel') }}
          {...{ isPending: correct.isPending, isDisabled: !isReady }}
          onConfirm={() => correct.mutate()}
          onCancel={onClose}
        />
      </div>
    </Dialog>
  );
}

function titleOf(asked: AskedCorrection): string {
  if (asked.kind !== 'hide') return `identity.action.${asked.kind}`;
  return asked.level === 'study' ? 'identity.action.hideStudy' : 'identity.action.hideChosen';
}
