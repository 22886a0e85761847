import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import type { z } from 'zod';
import type { PreferenceKey } from '../../../shared/domain/preference-keys.ts';
import { station } from './queries.ts';

/** What a person set for themselves at the station: `value` is `shipped` until it came, where they set nothing, and where it does not read. */
export type UserPreference<T> = {
  readonly value: T;
  /** The station has answered. */
  readonly isKnown: boolean;
  readonly set: (value: T) => void;
  /** `value` as of this moment, also between a change and the page drawn with it. */
  readonly latest: () => T;
  /** The last change could not be kept. It holds on this page until it is left; not at all while the station has not told what there was, for that would be written over. */
  readonly isUnkept: boolean;
};

/** One preference out of all that a person set: `shipped` where they set nothing, or where it does not read. */
export function preferenceIn<T>(
  all: readonly { readonly key: string; readonly value: unknown }[] | undefined,
  key: PreferenceKey,
  schema: z.ZodType<T>,
  shipped: T,
): T {
  const kept = all?.find((one) => one.key === key)?.value;
  const read = kept === undefined ? undefined : schema.safeParse(kept);
  return read?.success ? read.data : shipped;
}

/** One preference of the person who is signed in. A change shows at once and is kept at the station. */
export function useUserPreference<T>(key: PreferenceKey, schema: z.ZodType<T>, shipped: T): UserPreference<T> {
  const cache = useQueryClient();
  const options = station.preferences.all.queryOptions();
  const { queryKey } = options;
  const { data, isFetched } = useQuery({ ...options, staleTime: 60_000 });
  const { mutate, isError } = useMutation(station.preferences.put.mutationOptions());
  const kept = data?.find((one) => one.key === key)?.value;
  // Read once for as long as it stands: what draws by it is drawn anew for another object.
  const read = useMemo(() => (kept === undefined ? undefined : schema.safeParse(kept)), [kept, schema]);
  const latest = useCallback(
    () => preferenceIn(cache.getQueryData(queryKey), key, schema, shipped),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- as of `set`.
    [cache, key, schema, shipped],
  );
  const [isBlind, setIsBlind] = useState(false);
  const set = useCallback(
    (value: T) => {
      const isHeard = cache.getQueryData(queryKey) !== undefined;
      setIsBlind(!isHeard);
      if (!isHeard) return void cache.invalidateQueries({ queryKey });
      // An answer on its way was true before this change, and would take it back.
      void cache.cancelQueries({ queryKey });
      // What a schema of ours gives is JSON: the station takes it as such and checks it again.
      const json = value as NonNullable<typeof data>[number]['value'];
      cache.setQueryData(queryKey, (before) => [
        ...(before ?? []).filter((one) => one.key !== key),
        { key, value: json },
      ]);
      mutate({ key, value: json });
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the query's key is a new array on every render and always the same.
    [cache, mutate, key],
  );
  return { value: read?.success ? read.data : shipped, isKnown: isFetched, set, latest, isUnkept: isError || isBlind };
}
