import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { useCurrentUser } from '../../bridge/session.ts';

/** A study by the end of its id: its images where the reader may look at them, else its record; whoever may do neither sees which one it is. */
export function StudyOfModel({ studyId }: { readonly studyId: StudyId }): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const name = t('runs.study', { end: studyId.slice(-6) });
  if (permissions.includes('study.read'))
    return (
      <Link to="/reading/$studyId" params={{ studyId }}>
        {name}
      </Link>
    );
  if (!permissions.includes('audit.read')) return name;
  return (
    <Link to="/audit" search={{ study: studyId }}>
      {name}
    </Link>
  );
}
