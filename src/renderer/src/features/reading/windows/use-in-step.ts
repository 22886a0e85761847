import { useEffect } from 'react';
import type { PatientId } from '../../../../../shared/domain/ids.ts';
import type { LinkedViews } from '../../../viewport/linked-views.ts';
import { MAIN_WINDOW } from './main-window.ts';
import { openWindowLine, PlacedPicture } from './window-messages.ts';

/**
 * Shows in every window of a main window the place that a reader scrolls to in one of them, as far as they show one patient and share
 * a frame of reference: scanners have given one to several patients. A window that opens goes where the main one is; what was told
 * before the reader went on here comes too late, and moves nothing.
 */
export function useInStep(
  linked: Pick<LinkedViews, 'leading' | 'subscribe' | 'onLead' | 'followOutside'>,
  main: string,
  patientId: PatientId,
): void {
  useEffect(() => {
    const from = crypto.randomUUID();
    const isMain = main === MAIN_WINDOW;
    let wentOnAtMs = 0;
    let hasOpened = isMain;
    const line = openWindowLine(main, (message) => {
      if (message.kind === 'where' && isMain) return tellPlace(linked.leading());
      if (message.kind !== 'place' || message.from === from || message.patientId !== patientId) return;
      // A clock that was set back must not leave this window behind until it has caught up.
      if (message.toldAtMs >= Math.min(wentOnAtMs, Date.now())) linked.followOutside(message.picture);
    });
    const tellPlace = (image: unknown) => {
      const picture = PlacedPicture.safeParse(image);
      if (picture.success)
        line.tell({ kind: 'place', main, from, patientId, picture: picture.data, toldAtMs: Date.now() });
    };
    const forgets = [
      linked.onLead((image) => {
        wentOnAtMs = Date.now();
        tellPlace(image);
      }),
      linked.subscribe(() => {
        if (hasOpened || linked.leading() === null) return;
        hasOpened = true;
        line.tell({ kind: 'where', main });
      }),
    ];
    return () => {
      for (const forget of forgets) forget();
      line.close();
    };
  }, [linked, main, patientId]);
}
