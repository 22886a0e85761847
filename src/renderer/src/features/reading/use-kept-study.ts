import type { UseQueryResult } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';

/** A study as it came under the reader's eye. */
type Kept = {
  readonly study: StudyDetail;
  /** How often it had been raised as far as the reader has seen. */
  readonly seenRaises: number;
  /** Another one is another look: its images are set up anew. */
  readonly look: string;
};

/** What a reader has before them, and what they do about it. */
type KeptStudy = {
  /** Null until the station told of it. */
  readonly kept: Kept | null;
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
  const [kept, setKept] = useState<Kept | null>(null);
  const [isTaken, setIsTaken] = useState(false);
  // Nothing is under the reader's eye yet while there is no image: then the newest is taken as it comes.
  const isKept = kept?.study.series.some((series) => series.displayable) ?? false;
  // What was known from an earlier visit stands only until the station's answer is here: it may have been flagged since.
  const isOfBefore = isFetching && !isFetchedAfterMount;
  if (!isTaken && data !== undefined) {
    // Flagged since, it opens where the finding is.
    if (data !== kept?.study)
      setKept({
        study: data,
        seenRaises: data.row.urgency.raises,
        look: `${lookOf(data)} ${data.row.ai.state === 'flagged'}`,
      });
    if (isKept && data === kept?.study && !isOfBefore) setIsTaken(true);
  }
  const take = useCallback(() => isKept && setIsTaken(true), [isKept]);
  const see = useCallback(
    () => data && setKept((before) => before && { ...before, seenRaises: data.row.urgency.raises }),
    [data],
  );
  const reload = useCallback(
    () =>
      data &&
      setKept((before) => {
        const isSame = before !== null && lookOf(before.study) === lookOf(data);
        return before && { ...before, study: data, look: isSame ? before.look : lookOf(data) };
      }),
    [data],
  );
  return { kept, take, see, reload };
}

/** Which images these are, and whose. */
function lookOf({ row, identityVersion }: StudyDetail): string {
  return `${row.revision} ${row.patient.patientId} ${identityVersion}`;
}
