import { Button, Modal, Select } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { HOLD_REASONS, HoldReason } from '../../../../shared/domain/hold.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';

type Props = { readonly studyId: string; readonly modality: string };

/** Keeps a study here, for a reason, until somebody lets it go. */
export function HoldButton({ studyId, modality }: Props): ReactNode {
  const { t } = useTranslation('storage');
  const cache = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [reason, setReason] = useState<HoldReason | null>(null);
  const hold = useMutation({
    mutationFn: (because: HoldReason) => client.keeping.hold({ studyId: StudyId.parse(studyId), reason: because }),
    async onSuccess() {
      setIsOpen(false);
      await cache.invalidateQueries({ queryKey: station.keeping.key() });
    },
  });
  const name = t('study', { modality, end: studyId.slice(-6) });
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t('hold.keepOf', { study: name })}
        onClick={() => setIsOpen(true)}
      >
        {t('hold.keep')}
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setIsOpen(false)}
        title={t('hold.keepOf', { study: name })}
        closeButtonProps={{ 'aria-label': t('cancel') }}
        centered
      >
        <div className={page.stack}>
          <p>{t('hold.keepText')}</p>
          <Select
            label={t('hold.reason')}
            data={HOLD_REASONS.map((one) => ({ value: one, label: t(`app:code.reason.${one}`) }))}
            value={reason}
            onChange={(one) => setReason(one === null ? null : HoldReason.parse(one))}
            required
          />
          <RefusalText failure={hold.isError ? failureOf(hold.error) : null} t={t} />
          <div className={page.actions}>
            <Button
              loading={hold.isPending}
              disabled={reason === null}
              onClick={() => reason !== null && hold.mutate(reason)}
            >
              {t('hold.keep')}
            </Button>
            <Button variant="default" onClick={() => setIsOpen(false)}>
              {t('cancel')}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  );
}
