import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import page from '../../ui/Page.module.css';

type Props = { readonly studyId: StudyId; readonly folders: readonly string[]; readonly onClose: () => void };

/** Whose study it is, and which of the station's folders it is written to, as media with a DICOMDIR. */
export function ExportDialog({ studyId, folders, onClose }: Props): ReactNode {
  const { t } = useTranslation('media');
  const cache = useQueryClient();
  const study = useQuery(station.identity.study.queryOptions({ input: { studyId } }));
  const write = useMutation({
    mutationFn: (folder: string) => client.exports.start({ studyId, folder }),
    async onSuccess() {
      await cache.invalidateQueries({ queryKey: station.exports.key() });
      onClose();
    },
  });
  const error = study.error ?? write.error;
  const failure = error === null ? null : failureOf(error);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('export.toFolder')}
      closeButtonProps={{ 'aria-label': t('browse.close') }}
      centered
    >
      <div className={page.stack}>
        {study.isPending && <p className={page.quiet}>{t('app:loading')}</p>}
        {study.data !== undefined && <StudyFaceCard study={study.data.study} />}
        <p className={page.quiet}>{folders.length === 0 ? t('export.noFolder') : t('export.warning')}</p>
        {failure !== null && (
          <p role="alert" className={page.bad}>
            {t([`refusal.${failure.detail}`, `app:failure.${failure.code}`, 'app:failure.unexpected-answer'])}
          </p>
        )}
        <div className={page.actions}>
          {folders.map((folder) => (
            <Button
              key={folder}
              loading={write.isPending}
              disabled={study.data === undefined}
              onClick={() => write.mutate(folder)}
            >
              {t('export.folder', { name: folder })}
            </Button>
          ))}
        </div>
      </div>
    </Modal>
  );
}
