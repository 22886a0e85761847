import { useEffect } from 'react';
import { z } from 'zod';
import { useUserPreference } from '../bridge/user-preferences.ts';
import { AS_DELIVERED, type Preferences, usePreferences } from '../ui/preferences.ts';

const Kept = z.object({ singleLetterKeys: z.boolean(), criticalSound: z.boolean(), showPreview: z.boolean() });

/** Lets the page's settings be those of whoever is signed in, at whichever desk: the station keeps them, and what is changed goes there. */
export function usePagePreferences(): void {
  const { value, isKnown, set, latest } = useUserPreference('page', Kept, AS_DELIVERED);
  // When `value` changes, but by what holds now, not by what was drawn: a second change may come between the first and its drawing.
  useEffect(() => {
    if (!isKnown) return;
    usePreferences.setState(latest());
    return usePreferences.subscribe((now) => {
      if (!isAlike(now, latest())) set(Kept.parse(now));
    });
  }, [isKnown, value, set, latest]);
  // Nobody's silence is the next person's, who may be told of a Critical before the station tells of their settings. After what stands
  // above no longer hears it.
  useEffect(() => {
    return () => void usePreferences.setState(AS_DELIVERED);
  }, []);
}

function isAlike(one: Preferences, other: Preferences): boolean {
  return Object.keys(AS_DELIVERED).every((name) => one[name as keyof Preferences] === other[name as keyof Preferences]);
}
