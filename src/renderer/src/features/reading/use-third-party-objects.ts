import { useEffect } from 'react';
import type { SeriesCard } from '../../../../shared/contract/studies.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import { readThirdParty, THIRD_PARTY_MODALITIES } from '../../viewport/third-party/read-third-party.ts';
import type { ThirdPartyBook } from '../../viewport/third-party/third-party-book.ts';
import type { ThirdPartyObject } from '../../viewport/third-party/third-party-object.ts';

/** So many series of what others sent are read; a study with more is told to have some that were not. */
const MOST_SERIES = 60;

/** Reads what others sent beside the images, once an image is on the screen, and notes it in the book. */
export function useThirdPartyObjects(
  book: ThirdPartyBook,
  series: readonly SeriesCard[],
  shelfOf: (seriesUid: string) => SeriesShelf | null,
  isImageShown: boolean,
): void {
  const wanted = series.filter(({ modality }) => THIRD_PARTY_MODALITIES.has(modality));
  const uids = wanted.map(({ seriesUid }) => seriesUid).join(' ');
  useEffect(() => {
    if (!isImageShown) return;
    let isWanted = true;
    const read = async () => {
      const objects: ThirdPartyObject[] = [];
      let unread = Math.max(0, wanted.length - MOST_SERIES);
      for (const { seriesUid } of wanted.slice(0, MOST_SERIES)) {
        const stack = await shelfOf(seriesUid)?.stack(seriesUid);
        if (!isWanted) return;
        if (stack?.ok) objects.push(...readThirdParty(stack.value));
        else unread += 1;
      }
      book.found(objects, unread);
    };
    void read();
    return () => {
      isWanted = false;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `uids` names the series; their list is new on every render.
  }, [book, uids, shelfOf, isImageShown]);
}
