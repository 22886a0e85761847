import { useEffect } from 'react';
import { z } from 'zod';
import { type UserPreference, useUserPreference } from '../bridge/user-preferences.ts';
import { useOwnKeys } from '../ui/shortcuts.ts';

const OwnKeys = z.record(z.string().max(80), z.string().min(1).max(16));
export type OwnKeys = z.infer<typeof OwnKeys>;

const NONE: OwnKeys = {};

/** The keys this person chose, kept at the station; every page answers them as soon as they are known. */
export function useOwnKeysOf(): UserPreference<OwnKeys> {
  const own = useUserPreference('shortcuts', OwnKeys, NONE);
  const listing = JSON.stringify(own.value);
  useEffect(() => useOwnKeys.setState({ keys: OwnKeys.parse(JSON.parse(listing)) }), [listing]);
  return own;
}
