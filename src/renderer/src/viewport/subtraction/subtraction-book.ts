import type { History } from '../history.ts';
import type { FrameAddress } from '../stack.ts';

/** What is subtracted on this look at a study. */
export type SubtractionState = {
  /** By series: whether; one that is not here is as its maker wants. */
  readonly on: ReadonlyMap<string, boolean>;
  /** By object: the frame that the reader took for its mask. */
  readonly masks: ReadonlyMap<string, number>;
};

/** Before a reader chose anything. */
export const AS_MADE: SubtractionState = { on: new Map(), masks: new Map() };

/** Keeps which series are looked at subtracted and from what, for as long as the study is read; each change can be taken back. */
export class SubtractionBook {
  readonly #history: History;
  readonly #listeners = new Set<() => void>();
  #state: SubtractionState = AS_MADE;

  constructor(history: History) {
    this.#history = history;
  }

  /** The same object until something changes. */
  readonly getState = (): SubtractionState => this.#state;

  /** Calls back after every change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Looks at a series subtracted, or as it was stored. */
  turn(seriesUid: string, isOn: boolean): void {
    this.#do({ ...this.#state, on: new Map([...this.#state.on, [seriesUid, isOn]]) });
  }

  /** Subtracts this frame from all frames of its object. */
  takeMask(seriesUid: string, { sopUid, frameNumber }: FrameAddress): void {
    const on = new Map([...this.#state.on, [seriesUid, true] as const]);
    this.#do({ on, masks: new Map([...this.#state.masks, [sopUid, frameNumber]]) });
  }

  #do(after: SubtractionState): void {
    const before = this.#state;
    const to = (state: SubtractionState) => () => {
      this.#state = state;
      for (const listener of this.#listeners) listener();
      return true;
    };
    to(after)();
    this.#history.note({ undo: to(before), redo: to(after) });
  }
}
