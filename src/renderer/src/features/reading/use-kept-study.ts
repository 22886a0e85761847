import type { UseQueryResult } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';

/** A study as a reader has it before them. */
export type KeptStudy = {
  /** Undefined until the station told of it. */
  readonly study: StudyDetail | undefined;
  /** How often it had been raised as far as the reader has seen. */
  readonly seenRaises: number;
  /** The reader does something with what is on the screen: from now on it stays. */
  readonly take: () => void;
  /** The reader has seen how urgent it is now. */
  readonly see: () => void;
  /** The reader wants it as it is now. */
  readonly reload: () => void;
};

/** Keeps a study as it came under the reader's eye, whatever is heard of it later, until they ask for it as it is. */
export function useKeptStudy(
  now: Pick<UseQueryResult<StudyDetail>, 'data' | 'isFetching' | 'isFetchedAfterMount'>,
): KeptStudy {
  const { data, isFetching, isFetchedAfterMount } = now;
  const [kept, setKept] = useState<StudyDetail | null>(null);
  const [isTaken, setIsTaken] = useState(false);
  const [seenRaises, setSeenRaises] = useState(0);
  // Nothing is under the reader's eye yet while there is no image: then the newest is taken as it comes.
  const isKept = kept?.series.some((series) => series.displayable) ?? false;
  // What was known from an earlier visit stands only until the station's answer is here: it may have been flagged since.
  const isOfBefore = isFetching && !isFetchedAfterMount;
  if (!isTaken && data !== undefined) {
    if (data !== kept) {
      setKept(data);
      setSeenRaises(data.row.urgency.raises);
    }
    if (isKept && data === kept && !isOfBefore) setIsTaken(true);
  }
  const take = useCallback(() => setIsTaken(isKept), [isKept]);
  const see = useCallback(() => data && setSeenRaises(data.row.urgency.raises), [data]);
  const reload = useCallback(() => data && setKept(data), [data]);
  return { study: kept ?? data, seenRaises, take, see, reload };
}
