import { useEffect, useState } from 'react';
import type { Failure } from '../bridge/failure.ts';
import type { SeriesShelf } from './series-shelf.ts';
import type { Stack } from './stack.ts';

/** How far a series' metadata has come. */
export type SeriesState =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly failure: Failure }
  | { readonly state: 'ready'; readonly stack: Stack };

type Asked = { readonly shelf: SeriesShelf; readonly seriesUid: string; readonly answer: SeriesState };

const LOADING: SeriesState = { state: 'loading' };

/** The series of that id on that shelf; another `attempt` asks again after a failure. */
export function useSeries(shelf: SeriesShelf, seriesUid: string, attempt = 0): SeriesState {
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    let isWanted = true;
    setAsked(null);
    void shelf.stack(seriesUid).then((stack) => {
      if (!isWanted) return;
      const answer: SeriesState = stack.ok
        ? { state: 'ready', stack: stack.value }
        : { state: 'failed', failure: stack.error };
      setAsked({ shelf, seriesUid, answer });
    });
    return () => {
      isWanted = false;
    };
  }, [shelf, seriesUid, attempt]);
  // Never the answer to an earlier question, not even for one frame.
  return asked?.shelf === shelf && asked.seriesUid === seriesUid ? asked.answer : LOADING;
}
