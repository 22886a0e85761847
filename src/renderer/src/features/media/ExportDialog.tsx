import { Button, Radio } from '@mantine/core';
import { IconDownload, IconFolder } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { EXPORT_FORMS, type ExportForm } from '../../../../shared/domain/media.ts';
import { answerOf } from '../../bridge/answer.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { Answered } from '../../ui/Answered.tsx';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { type ChosenSeries, isNothingChosen, SeriesChoice } from '../../ui/SeriesChoice.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';

type Props = { readonly studyId: StudyId; readonly folders: readonly string[]; readonly onClose: () => void };

/** Whose study it is, how much of it leaves and in which form, and where to: a folder of the station, or this machine. */
export function ExportDialog({ studyId, folders, onClose }: Props): ReactNode {
  const { t } = useTranslation('media');
  const study = useQuery(station.studies.get.queryOptions({ input: { studyId } }));
  return (
    <Dialog title={t('export.title')} closeLabel={t('browse.close')} onClose={onClose} size="lg">
      <Answered
        answer={answerOf(study)}
        failed={t('export.unread')}
        skeleton={<TableSkeleton columns={['1fr', '1fr']} rows={5} />}
      >
        {(detail) => <ExportForms study={detail} folders={folders} onClose={onClose} />}
      </Answered>
    </Dialog>
  );
}

type FormsProps = { readonly study: StudyDetail; readonly folders: readonly string[]; readonly onClose: () => void };

function ExportForms({ study, folders, onClose }: FormsProps): ReactNode {
  const { t } = useTranslation('media');
  const cache = useQueryClient();
  const [chosen, setChosen] = useState<ChosenSeries>(null);
  const [form, setForm] = useState<ExportForm>('dicomdir');
  const { row, series, letGo } = study;
  const { studyId } = row;
  const write = useMutation({
    mutationFn: (folder: string) =>
      client.exports.start({ studyId, folder, form, ...(chosen !== null && { series: [...chosen] }) }),
    async onSuccess() {
      await cache.invalidateQueries({ queryKey: station.exports.key() });
      onClose();
    },
  });
  const failure = write.isError ? failureOf(write.error) : null;
  const isNothing = isNothingChosen(chosen);
  return (
    <div className={page.stack}>
      <PatientHeader patient={row.patient} accession={row.accession} exam={row.exam} />
      {row.patient.underInvestigation && <p className={page.warn}>{t('export.inDoubt')}</p>}
      {letGo > 0 && <p className={page.warn}>{t('export.letGo', { count: letGo })}</p>}
      <SeriesChoice
        label={t('export.what')}
        {...{ series, chosen, images: row.images.received, onChoose: setChosen }}
      />
      <Radio.Group
        label={t('export.form')}
        value={form}
        onChange={(value) => setForm(EXPORT_FORMS.find((one) => one === value) ?? 'dicomdir')}
      >
        <div className={page.stack} style={{ paddingTop: 6 }}>
          {EXPORT_FORMS.map((one) => (
            <Radio key={one} value={one} label={t(`export.formOf.${one}`)} />
          ))}
        </div>
      </Radio.Group>
      <p className={page.quiet}>{t('export.warning')}</p>
      <RefusalText failure={failure} t={t} />
      <div className={page.actions}>
        {folders.map((folder) => (
          <Button
            key={folder}
            leftSection={<IconFolder size={16} />}
            loading={write.isPending}
            disabled={isNothing}
            onClick={() => write.mutate(folder)}
          >
            {t('export.folder', { name: folder })}
          </Button>
        ))}
        {isNothing ? (
          <Button variant="default" leftSection={<IconDownload size={16} />} disabled>
            {t('export.download')}
          </Button>
        ) : (
          <Button
            component="a"
            variant="default"
            href={downloadAddress(studyId, form, chosen)}
            download
            leftSection={<IconDownload size={16} />}
          >
            {t('export.download')}
          </Button>
        )}
      </div>
      {folders.length === 0 && <p className={page.quiet}>{t('export.noFolder')}</p>}
    </div>
  );
}

function downloadAddress(studyId: StudyId, form: ExportForm, chosen: ChosenSeries): string {
  const series = chosen === null ? '' : `&series=${chosen.map(encodeURIComponent).join(',')}`;
  return `/api/v1/studies/${studyId}/export?form=${form}${series}`;
}
