import { useEffect } from 'react';
import type { StudyDetail } from '../../../../../shared/contract/studies.ts';
import { openWindowLine } from './window-messages.ts';

/** This window's own name among the windows of the browser; a new one each time the page is loaded. */
export const MAIN_WINDOW = crypto.randomUUID();

/** Tells this window's viewers which study and patient it reads, at once and whenever one asks, and when it reads none any more. */
export function useMainWindow(study: StudyDetail | undefined): void {
  const studyId = study?.row.studyId;
  const patientId = study?.row.patient.patientId;
  useEffect(() => {
    if (studyId === undefined || patientId === undefined) return;
    const reading = { kind: 'reading', main: MAIN_WINDOW, studyId, patientId } as const;
    const line = openWindowLine(MAIN_WINDOW, (message) => message.kind === 'who' && line.tell(reading));
    line.tell(reading);
    return () => {
      line.tell({ kind: 'not-reading', main: MAIN_WINDOW });
      line.close();
    };
  }, [studyId, patientId]);
}

/** Opens a viewer window of this study that stays in step with this one; false where the browser allows none. */
export function openViewerWindow(studyId: string): boolean {
  const { origin, pathname } = globalThis.location;
  const opened = globalThis.open(
    `${origin}${pathname}#/viewer/${studyId}?main=${MAIN_WINDOW}`,
    '_blank',
    'popup,width=1200,height=900',
  );
  return opened !== null;
}
