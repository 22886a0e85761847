import { useEffect } from 'react';
import type { PatientId } from '../../../../../shared/domain/ids.ts';
import type { LinkedViews } from '../../../viewport/linked-views.ts';
import { openWindowLine, PlacedPicture } from './window-messages.ts';

/** Shows in every window of a main window the place that a reader scrolls to in one of them, as far as they show one patient and share a frame of reference: scanners have given one to several patients. */
export function useInStep(linked: LinkedViews, main: string, patientId: PatientId): void {
  useEffect(() => {
    const from = crypto.randomUUID();
    const line = openWindowLine(main, (message) => {
      if (message.kind === 'place' && message.from !== from && message.patientId === patientId)
        linked.followOutside(message.picture);
    });
    const forget = linked.onLead((image) => {
      const picture = PlacedPicture.safeParse(image);
      if (picture.success) line.tell({ kind: 'place', main, from, patientId, picture: picture.data });
    });
    return () => {
      forget();
      line.close();
    };
  }, [linked, main, patientId]);
}
