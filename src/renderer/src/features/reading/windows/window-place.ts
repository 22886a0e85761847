import { useEffect, useRef } from 'react';
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

/** Remembers for its reader where this window stands, so that the next one opens there. */
export function useKeepWindowPlace(): void {
  const { value, isKnown, set } = useUserPreference('viewer-window', Kept, null);
  const known = useRef(value);
  known.current = value;
  useEffect(() => {
    if (!isKnown) return;
    const timer = setInterval(() => {
      const { screenX: left, screenY: top, outerWidth: width, outerHeight: height } = window;
      const now = WindowPlace.safeParse({ left, top, width, height });
      if (now.success && JSON.stringify(now.data) !== JSON.stringify(known.current)) set(now.data);
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isKnown, set]);
}
