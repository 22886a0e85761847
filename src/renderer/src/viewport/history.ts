/** One thing a reader did, and how it is taken back and done again; false where what it was done to is no longer on the screen. */
export type Deed = { readonly undo: () => boolean; readonly redo: () => boolean };

/** What became of a wish to take back or to do again. */
export const HISTORY_STEPS = ['done', 'not-shown', 'nothing'] as const;
export type HistoryStep = (typeof HISTORY_STEPS)[number];

const KEPT = 200;

/** What was done on this look at a study, latest last; doing something new forgets what was taken back. */
export class History {
  readonly #done: Deed[] = [];
  readonly #undone: Deed[] = [];

  /** Notes what has just been done. */
  note(deed: Deed): void {
    this.#done.push(deed);
    if (this.#done.length > KEPT) this.#done.shift();
    this.#undone.length = 0;
  }

  /** Takes the latest back. What was done to something no longer on the screen stays as it is and is forgotten: the next wish is for what came before. */
  undo(): HistoryStep {
    return step(this.#done, this.#undone, (deed) => deed.undo());
  }

  /** Does again what was taken back last, or says why not, as `undo`. */
  redo(): HistoryStep {
    return step(this.#undone, this.#done, (deed) => deed.redo());
  }

  /** Forgets all, as when the study is left. */
  clear(): void {
    this.#done.length = 0;
    this.#undone.length = 0;
  }
}

function step(from: Deed[], to: Deed[], act: (deed: Deed) => boolean): HistoryStep {
  const deed = from.pop();
  if (deed === undefined) return 'nothing';
  if (!act(deed)) return 'not-shown';
  to.push(deed);
  return 'done';
}
