import { useEffect } from 'react';
import type { LinkedViews } from '../../../viewport/linked-views.ts';
import { openWindowLine, PlacedPicture } from './window-messages.ts';

/** Shows in every window of a main window the place that a reader scrolls to in one of them, as far as they share a frame of reference. */
export function useInStep(linked: LinkedViews, main: string): void {
  useEffect(() => {
    const from = crypto.randomUUID();
    const line = openWindowLine(main, (message) => {
      if (message.kind === 'place' && message.from !== from) linked.followOutside(message.picture);
    });
    const forget = linked.onLead((image) => {
      const picture = PlacedPicture.safeParse(image);
      if (picture.success) line.tell({ kind: 'place', main, from, picture: picture.data });
    });
    return () => {
      forget();
      line.close();
    };
  }, [linked, main]);
}
