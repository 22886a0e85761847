import { setImmediate } from 'node:timers/promises';

/** Work that others may interrupt wherever it yields; between two yields it takes no more than a few milliseconds. */
export type Steps<Value> = Generator<undefined, Value, void>;

const TURN_MS = 8;

/** Does all of it now. */
export function atOnce<Value>(steps: Steps<Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does it giving the thread back whenever it has worked for some milliseconds. */
export async function inTurns<Value>(steps: Steps<Value>): Promise<Value> {
  let turnFromMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - turnFromMs < TURN_MS) continue;
    await setImmediate();
    turnFromMs = performance.now();
  }
}
