import { Checkbox } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RetentionWindow } from '../../../../shared/contract/keeping.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DialogActions } from '../../ui/DialogActions.tsx';
import { announce } from '../../ui/announcer.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';

type Props = { readonly pages: readonly RetentionWindow[]; readonly onClose: () => void };

/** Says what is about to be deleted for good, by the dry run that was shown, and has the rules applied on a person's word. */
export function ApplyRules({ pages, onClose }: Props): ReactNode {
  const { t } = useTranslation('storage');
  const cache = useQueryClient();
  const [isSure, setIsSure] = useState(false);
  const going = pages.flatMap((one) => one.studies).filter(({ verdict }) => verdict === 'delete');
  const images = going.reduce((sum, one) => sum + one.images, 0);
  const isWhole = pages.at(-1)?.next == null;
  const apply = useMutation({
    mutationFn: () => client.keeping.run(),
    async onSuccess() {
      announce(t('apply.running'));
      onClose();
      await cache.invalidateQueries({ queryKey: station.keeping.key() });
    },
  });
  return (
    <Dialog title={t('apply.title')} closeLabel={t('cancel')} onClose={onClose}>
      <div className={page.stack}>
        <p>
          <strong>{t('apply.studies', { count: going.length })}</strong> · {t('apply.images', { count: images })}
          {!isWhole && ` · ${t('dryRun.notWhole')}`}
        </p>
        <p>{t('apply.text')}</p>
        <Checkbox
          label={t('apply.sure')}
          checked={isSure}
          onChange={(event) => setIsSure(event.currentTarget.checked)}
        />
        <RefusalText failure={apply.isError ? failureOf(apply.error) : null} t={t} />
        <DialogActions
          {...{ confirm: t('apply.confirm'), cancel: t('cancel'), isPending: apply.isPending, isDisabled: !isSure }}
          isFinal
          onConfirm={() => apply.mutate()}
          onCancel={onClose}
        />
      </div>
    </Dialog>
  );
}
