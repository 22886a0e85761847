import type { FrameAddress } from '../stack.ts';

/** An image that a reader picked out, as pictures of it say. */
export type KeyMark = FrameAddress & {
  readonly seriesUid: string;
  /** The reader's name; null of whoever sits here. */
  readonly by: string | null;
};

/** What readers picked out of the study and its prior. */
export type KeyImageState = {
  readonly marks: readonly KeyMark[];
  /** The station could not be asked: none of the images can be said not to be marked. */
  readonly isUnknown: boolean;
};

/** Tells viewports and lists which images readers picked out; the station keeps them. */
export class KeyImageBook {
  readonly #listeners = new Set<() => void>();
  #state: KeyImageState = { marks: [], isUnknown: false };

  /** The same object until something changes. */
  readonly getState = (): KeyImageState => this.#state;

  /** Calls back after every change until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes note of what the station says. */
  found(state: KeyImageState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether these are one picture. */
export function isSameFrame(one: FrameAddress, other: FrameAddress): boolean {
  return one.sopUid === other.sopUid && one.frameNumber === other.frameNumber;
}
