import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { PatientHeader } from '../../ui/PatientHeader.tsx';

/** Whose story the ledger shows, with the patient whole; nothing while the study is not known. */
export function StudyOfStory({ studyId }: { readonly studyId: StudyId }): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayOpen = useCurrentUser().permissions.includes('study.open');
  const study = useQuery(station.studies.get.queryOptions({ input: { studyId } }));
  if (!study.data) return null;
  const { patient, accession, exam } = study.data.row;
  return (
    <PatientHeader patient={patient} accession={accession} exam={exam}>
      {mayOpen && (
        <Button variant="default" onClick={() => void navigate({ to: '/reading/$studyId', params: { studyId } })}>
          {t('preview.open')}
        </Button>
      )}
    </PatientHeader>
  );
}
