import { Button, Modal, Select } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FiledAgain, QuarantineDetail } from '../../../../shared/contract/quarantine.ts';
import { DISCARD_REASONS, DiscardReason } from '../../../../shared/domain/correction.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import type { SettleAction } from './settle-actions.ts';

type Props = {
  readonly object: QuarantineDetail;
  readonly action: SettleAction;
  readonly onClose: () => void;
  readonly onSettled: (outcome: FiledAgain | null) => void;
};

/** Says what an action does and to whose study, asks for a reason where one is owed, and does it. */
export function SettleDialog({ object, action, onClose, onSettled }: Props): ReactNode {
  const { t } = useTranslation('corrections');
  const [reason, setReason] = useState<DiscardReason | null>(null);
  const settle = useMutation({ mutationFn: () => perform(object.quarantineId, action, reason), onSuccess: onSettled });
  const failure = settle.isError ? failureOf(settle.error) : null;
  const name = action.kind === 'release' ? `quarantine.release.${action.release}` : `quarantine.${action.kind}`;
  const says = action.kind === 'release' ? `quarantine.releaseText.${action.release}` : `${name}Text`;
  const face = object.standsIn ?? object.study;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(name)}
      closeButtonProps={{ 'aria-label': t('quarantine.cancel') }}
      centered
    >
      <div className={page.stack}>
        <p>{t(says)}</p>
        {face !== null && <StudyFaceCard study={face} />}
        {action.kind === 'discard' && (
          <Select
            label={t('quarantine.because')}
            data={DISCARD_REASONS.map((one) => ({ value: one, label: t(`app:code.reason.${one}`) }))}
            value={reason}
            onChange={(one) => setReason(one === null ? null : DiscardReason.parse(one))}
            required
          />
        )}
        <RefusalText failure={failure} t={t} />
        <div className={page.actions}>
          <Button
            loading={settle.isPending}
            disabled={action.kind === 'discard' && reason === null}
            onClick={() => settle.mutate()}
          >
            {t('quarantine.confirm')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('quarantine.cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

async function perform(
  quarantineId: string,
  action: SettleAction,
  reason: DiscardReason | null,
): Promise<FiledAgain | null> {
  if (action.kind === 'retry') return client.quarantine.retry({ quarantineId });
  if (action.kind === 'release') return client.quarantine.release({ quarantineId, release: action.release });
  if (action.kind === 'takeBack') await client.quarantine.takeBack({ quarantineId });
  else if (reason !== null) await client.quarantine.discard({ quarantineId, reason });
  return null;
}
