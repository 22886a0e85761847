import { useEffect, useRef, useState } from 'react';
import { z } from 'zod';
import { useUserPreference } from '../../../bridge/user-preferences.ts';

/** Where a window stands on its screens and how large it is, in CSS pixels. */
const WindowPlace = z.object({ left: z.int(), top: z.int(), width: z.int().min(200), height: z.int().min(200) });
export type WindowPlace = z.infer<typeof WindowPlace>;

/** Before anybody moved one: where the browser puts it. */
const Kept = WindowPlace.nullable();

/** Browsers tell of a change of size, and of a move to another screen nothing. */
const LOOK_EVERY_MS = 2000;

/** Where this person left their viewer window; null while they had none. */
export function useWindowPlace(): WindowPlace | null {
  return useUserPreference('viewer-window', Kept, null).value;
}

/** Remembers for its reader where they left this window, so that the next one opens there; of several, the one moved last. */
export function useKeepWindowPlace(): void {
  const { isKnown, set } = useUserPreference('viewer-window', Kept, null);
  const [first] = useState(placeNow);
  // Held against where this window was, not against what is kept: two windows would each write over the other for ever.
  const before = useRef(JSON.stringify(first));
  useEffect(() => {
    if (!isKnown) return;
    const timer = setInterval(() => {
      const now = placeNow();
      if (now === null || JSON.stringify(now) === before.current) return;
      before.current = JSON.stringify(now);
      set(now);
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isKnown, set]);
}

/** Where this window stands; null of one that is hidden or smaller than any that is read in. */
function placeNow(): WindowPlace | null {
  const { screenX: left, screenY: top, outerWidth: width, outerHeight: height } = window;
  const now = WindowPlace.safeParse({ left, top, width, height });
  return now.success ? now.data : null;
}
