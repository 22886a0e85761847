import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { StudyId } from '../../../shared/domain/ids.ts';
import { desktop } from '../bridge/desktop.ts';

/** Opens the study of a desktop notice that a person clicked. */
export function useDesktopNotices(): void {
  const navigate = useNavigate();
  useEffect(
    () =>
      desktop()?.onOpenStudy((clicked) => {
        const studyId = StudyId.safeParse(clicked);
        if (studyId.success) void navigate({ to: '/reading/$studyId', params: { studyId: studyId.data } });
      }),
    [navigate],
  );
}
