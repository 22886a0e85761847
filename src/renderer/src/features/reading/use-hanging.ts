import { type Dispatch, type SetStateAction, useEffect, useRef, useState } from 'react';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { Stack } from '../../viewport/stack.ts';
import { asksForViews, hangBy } from './hanging/hang.ts';
import type { HangingRule } from './hanging/hanging-rule.ts';
import { PANES_OF } from './layouts.ts';
import { bringFinding, firstPanes, type Panes } from './panes.ts';

/** Films of one study that are asked for their views at most; a study of more hangs by its series. */
export const MOST_FILMS = 24;

/** What films say of themselves, of the series that were asked. */
type Films = { readonly key: string; readonly stacks: ReadonlyMap<string, Stack> };

type Subject = {
  readonly study: StudyDetail;
  readonly findings: readonly Finding[];
  readonly rule: HangingRule | null;
  readonly prior: StudyDetail | null;
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
};

/** How a study hangs: by its rule, until the reader changes anything; then what came late hangs nothing by itself. */
export function useHanging({ study, findings, rule, prior, shelfOf }: Subject): {
  readonly panes: Panes;
  /** A rule's wish is still on its way. */
  readonly isHanging: boolean;
  /** What a reader does to the panes. */
  readonly setPanes: Dispatch<SetStateAction<Panes>>;
  /** What happens to them by itself. */
  readonly noteOnPanes: Dispatch<SetStateAction<Panes>>;
} {
  const [films, setFilms] = useState<Films | null>(null);
  const isChosen = useRef(false);
  const series = [study, prior].flatMap((one) => one?.series.filter(({ displayable }) => displayable) ?? []);
  const wanted = rule !== null && asksForViews(rule) ? series.slice(0, MOST_FILMS).map((one) => one.seriesUid) : [];
  const key = wanted.join(' ');
  const isReading = key !== '' && films?.key !== key;
  const isReady = wanted.every((seriesUid) => shelfOf(seriesUid) !== null);
  const [panes, noteOnPanes] = useState<Panes>(() => hung());

  function hung(): Panes {
    if (rule === null) return bringFinding(firstPanes(study), study, findings);
    if (isReading) return waiting(rule);
    return bringFinding(hangBy(rule, { study, prior, stacks: films?.stacks ?? new Map() }), study, findings);
  }

  useEffect(() => {
    if (!isReading || !isReady) return;
    let isWanted = true;
    const asked = key.split(' ').map(async (seriesUid) => {
      const stack = await shelfOf(seriesUid)?.stack(seriesUid);
      return stack?.ok ? ([seriesUid, stack.value] as const) : null;
    });
    void Promise.all(asked).then((all) => {
      if (isWanted) setFilms({ key, stacks: new Map(all.filter((one) => one !== null)) });
    });
    return () => {
      isWanted = false;
    };
  }, [isReading, isReady, key, shelfOf]);

  // The prior, and what its films say, come after the study is already on the screen.
  useEffect(() => {
    if (isChosen.current || isReading) return;
    noteOnPanes((before) => ({ ...hung(), displayed: before.displayed }));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only what arrives hangs anew; findings open a study once.
  }, [films, prior, isReading]);

  const setPanes: Dispatch<SetStateAction<Panes>> = (change) =>
    noteOnPanes((before) => {
      const after = typeof change === 'function' ? change(before) : change;
      // A pane that has the focus already, as the first has when it opens, is no change.
      if (after !== before) isChosen.current = true;
      return after;
    });
  return { panes, isHanging: isReading && !panes.series.some((one) => one !== null), setPanes, noteOnPanes };
}

function waiting({ layout }: HangingRule): Panes {
  const nothing = Array.from({ length: PANES_OF[layout] }, () => null);
  return { layout, series: nothing, placed: nothing, active: 0, displayed: new Set(), before: null };
}
