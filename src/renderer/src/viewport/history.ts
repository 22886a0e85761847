/** One thing a reader did, and how it is taken back and done again. */
export type Deed = { readonly undo: () => void; readonly redo: () => void };

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

  /** Takes the latest back; false when there is nothing to. */
  undo(): boolean {
    const deed = this.#done.pop();
    if (deed === undefined) return false;
    deed.undo();
    this.#undone.push(deed);
    return true;
  }

  /** Does again what was taken back last; false when there is nothing to. */
  redo(): boolean {
    const deed = this.#undone.pop();
    if (deed === undefined) return false;
    deed.redo();
    this.#done.push(deed);
    return true;
  }

  /** Forgets all, as when the study is left. */
  clear(): void {
    this.#done.length = 0;
    this.#undone.length = 0;
  }
}
