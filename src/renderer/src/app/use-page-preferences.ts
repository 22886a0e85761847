import { useEffect } from 'react';
import { z } from 'zod';
import { useUserPreference } from '../bridge/user-preferences.ts';
import { AS_DELIVERED, type Preferences, usePreferences } from '../ui/preferences.ts';

const Kept = z.object({ singleLetterKeys: z.boolean(), criticalSound: z.boolean(), showPreview: z.boolean() });

/** Lets the page's settings be those of whoever is signed in, at whichever desk: the station keeps them, and what is changed goes there. */
export function usePagePreferences(): void {
  const { value, isKnown, set } = useUserPreference('page', Kept, AS_DELIVERED);
  const listing = JSON.stringify(value);
  useEffect(() => {
    if (!isKnown) return;
    usePreferences.setState(Kept.parse(JSON.parse(listing)));
    return usePreferences.subscribe((now) => {
      if (!isAlike(now, Kept.parse(JSON.parse(listing)))) set(Kept.parse(now));
    });
  }, [isKnown, listing, set]);
  // Nobody's silence is the next person's, who may be told of a Critical before the station tells of their settings. After what stands
  // above no longer hears it.
  useEffect(() => {
    return () => void usePreferences.setState(AS_DELIVERED);
  }, []);
}

function isAlike(one: Preferences, other: Preferences): boolean {
  return Object.keys(AS_DELIVERED).every((name) => one[name as keyof Preferences] === other[name as keyof Preferences]);
}
