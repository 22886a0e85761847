import type { StageTimings } from '../run-answer.ts';

/** Ends a stage of a run at now, from where the one before ended. */
export type Lap = (stage: keyof StageTimings) => void;

/** The stages of one run, in ms. */
export type StageTimer = {
  readonly lap: Lap;
  /** Takes over what stages took elsewhere; what passed here meanwhile counts for none. */
  readonly add: (elsewhere: Partial<StageTimings>) => void;
  readonly timings: () => StageTimings;
};

/** Starts at now. */
export function timeStages(): StageTimer {
  const timings = { readMs: 0, decodeMs: 0, preprocessMs: 0, inferMs: 0, postprocessMs: 0 };
  let since = performance.now();
  return {
    lap(stage) {
      const now = performance.now();
      timings[stage] += now - since;
      since = now;
    },
    add(elsewhere) {
      for (const [stage, ms] of Object.entries(elsewhere)) timings[stage as keyof StageTimings] += ms;
      since = performance.now();
    },
    timings: () => ({ ...timings }),
  };
}
