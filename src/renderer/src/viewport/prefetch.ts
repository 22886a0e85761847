/** The order of loading: the image under the eye first, then outwards, the way the reader was scrolling first. */
export function outwards(from: number, count: number, direction: 1 | -1 = 1): readonly number[] {
  const order = from >= 0 && from < count ? [from] : [];
  for (let distance = 1; distance < count; distance += 1) {
    for (const index of [from + direction * distance, from - direction * distance]) {
      if (index >= 0 && index < count) order.push(index);
    }
  }
  return order;
}

/** Loads what lies nearest to the eye, a few at a time, until everything in `budget` is there or it is stopped. */
export class Prefetch {
  readonly #load: (index: number) => Promise<unknown>;
  readonly #atOnce: number;
  readonly #asked = new Set<number>();
  #order: readonly number[] = [];
  #running = 0;
  #stopped = false;

  constructor(load: (index: number) => Promise<unknown>, atOnce = 4) {
    this.#load = load;
    this.#atOnce = atOnce;
  }

  /** Follows the eye: from now on loads outwards from here. */
  lookAt(index: number, count: number, budget: number): void {
    this.#order = outwards(index, count).slice(0, budget);
    this.#fill();
  }

  /** Asks for nothing more; what is under way may still arrive. */
  stop(): void {
    this.#stopped = true;
  }

  #fill(): void {
    while (!this.#stopped && this.#running < this.#atOnce) {
      const next = this.#order.find((index) => !this.#asked.has(index));
      if (next === undefined) return;
      this.#asked.add(next);
      this.#running += 1;
      // An image that did not arrive is asked for again when it comes under the eye, which then says so.
      void this.#load(next)
        .catch(() => undefined)
        .finally(() => {
          this.#running -= 1;
          this.#fill();
        });
    }
  }
}
