import { useCallback, useEffect, useRef, useState } from 'react';
import type { StudySettled } from '../../../../shared/contract/quarantine.ts';
import { type Failure, failureOf } from '../../bridge/failure.ts';

/** What was answered so far, over all steps; `failed`: how many by each code. */
type SettlingTally = Readonly<Pick<StudySettled, 'filed' | 'discarded' | 'stillHeld'>> & {
  readonly failed: Readonly<Record<string, number>>;
};

/** A walk over everything that is held alike: under way, or how it ended. */
export type SettlingRun = { readonly tally: SettlingTally } & (
  | { readonly state: 'running'; readonly isStopping: boolean }
  | { readonly state: 'stopped' }
  /** A step was not answered: what it did is not in the tally. */
  | { readonly state: 'broken-off'; readonly failure: Failure }
  | { readonly state: 'done' }
);

/** What was answered about that many objects. */
export function settledSoFar({ filed, discarded, stillHeld, failed }: SettlingTally): number {
  return Object.values(failed).reduce((sum, count) => sum + count, filed + discarded + stillHeld);
}

const NOTHING: SettlingTally = { filed: 0, discarded: 0, stillHeld: 0, failed: {} };

function addStep(tally: SettlingTally, step: StudySettled): SettlingTally {
  const failed = { ...tally.failed };
  for (const { code } of step.failed) failed[code] = (failed[code] ?? 0) + 1;
  return {
    filed: tally.filed + step.filed,
    discarded: tally.discarded + step.discarded,
    stillHeld: tally.stillHeld + step.stillHeld,
    failed,
  };
}

type Settling = {
  /** Null until it was begun. */
  readonly run: SettlingRun | null;
  begin(): void;
  /** Ends it after the step that is under way. */
  stop(): void;
  /** Takes up a run that was stopped or broken off where it stood. */
  goOn(): void;
};

/** Settles everything that is held alike, asking for one step after another until none is left. */
export function useSettleAll(ask: (after: string | undefined) => Promise<StudySettled>): Settling {
  const [run, setRun] = useState<SettlingRun | null>(null);
  const place = useRef<string | undefined>(undefined);
  const isWanted = useRef(false);
  useEffect(
    () => () => {
      isWanted.current = false;
    },
    [],
  );

  const walk = async (before: SettlingTally) => {
    isWanted.current = true;
    for (let tally = before; ; ) {
      setRun({ state: 'running', isStopping: !isWanted.current, tally });
      try {
        const step = await ask(place.current);
        tally = addStep(tally, step);
        if (step.next === null) return setRun({ state: 'done', tally });
        place.current = step.next;
      } catch (error) {
        return setRun({ state: 'broken-off', tally, failure: failureOf(error) });
      }
      if (!isWanted.current) return setRun({ state: 'stopped', tally });
    }
  };

  return {
    run,
    begin: () => void walk(NOTHING),
    stop: useCallback(() => {
      isWanted.current = false;
      setRun((now) => (now?.state === 'running' ? { ...now, isStopping: true } : now));
    }, []),
    goOn: () => void walk(run?.tally ?? NOTHING),
  };
}
