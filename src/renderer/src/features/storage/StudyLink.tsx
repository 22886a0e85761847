import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { StudyId } from '../../../../shared/domain/ids.ts';
import classes from './storage.module.css';

/** A study by its modality and the end of its id: enough to tell it from the next one, and nothing of the patient. */
export function StudyLink({ studyId, modality }: { readonly studyId: string; readonly modality: string }): ReactNode {
  const { t } = useTranslation('storage');
  return (
    <Link to="/reading/$studyId" className={classes.study} params={{ studyId: StudyId.parse(studyId) }}>
      {t('study', { modality: modality === '' ? '–' : modality, end: studyId.slice(-6) })}
    </Link>
  );
}
