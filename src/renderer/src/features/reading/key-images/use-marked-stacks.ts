import { useEffect, useState } from 'react';
import type { SeriesShelf } from '../../../viewport/series-shelf.ts';
import type { Stack } from '../../../viewport/stack.ts';

const NONE: ReadonlyMap<string, Stack> = new Map();

/** The series that hold marked images, as they come; one that cannot be had is left out. */
export function useMarkedStacks(
  seriesUids: readonly string[],
  shelfOf: (seriesUid: string) => SeriesShelf | null,
): ReadonlyMap<string, Stack> {
  const [stacks, setStacks] = useState(NONE);
  const wanted = [...new Set(seriesUids)].toSorted().join(' ');
  useEffect(() => {
    let isWanted = true;
    setStacks(NONE);
    for (const seriesUid of wanted === '' ? [] : wanted.split(' ')) {
      void shelfOf(seriesUid)
        ?.stack(seriesUid)
        .then((stack) => {
          if (isWanted && stack.ok) setStacks((before) => new Map([...before, [seriesUid, stack.value]]));
        });
    }
    return () => {
      isWanted = false;
    };
  }, [wanted, shelfOf]);
  return stacks;
}
