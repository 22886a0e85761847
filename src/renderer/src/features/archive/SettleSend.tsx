import { Select } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Delivery } from '../../../../shared/contract/deliveries.ts';
import { CANCEL_REASONS, CancelReason, RETRY_REASONS, RetryReason } from '../../../../shared/domain/delivery.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DialogActions } from '../../ui/DialogActions.tsx';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';

/** What a person does about something that is to be sent. */
export type SendAction = { readonly kind: 'retry' | 'cancel'; readonly send: Delivery };

type Props = { readonly action: SendAction; readonly onClose: () => void };

/** Says whose study goes where, asks for a reason, and tries again or gives up. */
export function SettleSend({ action, onClose }: Props): ReactNode {
  const { t } = useTranslation('archive');
  const cache = useQueryClient();
  const [reason, setReason] = useState<string | null>(null);
  const { kind, send } = action;
  const { deliveryId } = send;
  const settle = useMutation({
    mutationFn: () =>
      kind === 'retry'
        ? client.deliveries.retry({ deliveryId, reason: RetryReason.parse(reason) })
        : client.deliveries.cancel({ deliveryId, reason: CancelReason.parse(reason) }),
    onSuccess: onClose,
    onSettled: () => cache.invalidateQueries({ queryKey: station.deliveries.key() }),
  });
  const failure = settle.isError ? failureOf(settle.error) : null;
  return (
    <Dialog title={t(`settle.${kind}`)} closeLabel={t('settle.close')} onClose={onClose}>
      <div className={page.stack}>
        <p>{t(`settle.${kind}Text`, { peer: send.destination, count: send.sent })}</p>
        {send.study !== null && <StudyFaceCard study={send.study} />}
        <Select
          label={t('settle.reason')}
          data={(kind === 'retry' ? RETRY_REASONS : CANCEL_REASONS).map((one) => ({
            value: one,
            label: t(`app:code.reason.${one}`),
          }))}
          value={reason}
          onChange={setReason}
          required
        />
        <RefusalText failure={failure} t={t} />
        <DialogActions
          {...{ confirm: t(`settle.${kind}Button`), cancel: t('settle.close') }}
          {...{ isPending: settle.isPending, isDisabled: reason === null }}
          onConfirm={() => settle.mutate()}
          onCancel={onClose}
        />
      </div>
    </Dialog>
  );
}
