import { useEffect } from 'react';
import type { StudyDetail } from '../../../../../shared/contract/studies.ts';
import { openWindowLine } from './window-messages.ts';
import type { WindowPlace } from './window-place.ts';

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

/** Opens a viewer window of this study that stays in step with this one, where the reader left their last; false where the browser allows none. */
export function openViewerWindow(studyId: string, place: WindowPlace | null): boolean {
  const { origin, pathname } = globalThis.location;
  const { width, height, ...corner } = place ?? { width: 1200, height: 900 };
  const features = Object.entries({ width, height, ...corner }).map(([name, value]) => `${name}=${value}`);
  const opened = globalThis.open(
    `${origin}${pathname}#/viewer/${studyId}?main=${MAIN_WINDOW}`,
    '_blank',
    ['popup', ...features].join(),
  );
  return opened !== null;
}
