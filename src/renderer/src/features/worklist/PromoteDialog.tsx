import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import page from '../../ui/Page.module.css';
import { PatientHeader } from '../../ui/PatientHeader.tsx';

type Props = {
  readonly row: WorklistRow;
  readonly onClose: () => void;
  /** Leads to the study among the new ones. */
  readonly onShow: () => void;
};

/** Says whose study it is and what follows, makes it a new exam on a person's word, and leads to where it stands then. */
export function PromoteDialog({ row, onClose, onShow }: Props): ReactNode {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const promote = useMutation({
    mutationFn: () => client.studies.promote({ studyId: row.studyId }),
    onSuccess: () => void cache.invalidateQueries({ queryKey: station.worklist.key() }),
  });
  const failure = promote.isError ? failureOf(promote.error) : null;
  return (
    <Dialog title={t('promote.action')} closeLabel={t('promote.cancel')} onClose={onClose}>
      <div className={page.stack}>
        <PatientHeader patient={row.patient} accession={row.accession} exam={row.exam} />
        {promote.isSuccess ? (
          <div role="status">
            <strong>{t('promote.done')}</strong>
            <p>{t('promote.doneText')}</p>
          </div>
        ) : (
          <p>{t('promote.text')}</p>
        )}
        {failure !== null && (
          <p role="alert" className={page.bad}>
            {failure.detail === 'already-new'
              ? t('promote.already-new')
              : t([`failure.${failure.code}`, 'failure.unexpected-answer'])}
            {failure.incidentId !== null && ` (${failure.incidentId})`}
          </p>
        )}
        <div className={page.actions}>
          {promote.isSuccess ? (
            <Button key="show" autoFocus onClick={onShow}>
              {t('promote.show')}
            </Button>
          ) : (
            <Button key="confirm" loading={promote.isPending} onClick={() => promote.mutate()}>
              {t('promote.confirm')}
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {t(promote.isSuccess ? 'promote.close' : 'promote.cancel')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
