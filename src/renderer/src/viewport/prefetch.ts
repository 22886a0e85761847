/** Images ahead for each one behind, while a reader scrolls one way. */
const AHEAD = 3;

/** The order of loading: the image under the eye first, then outwards, the way the reader was scrolling first and further; both ways alike while they stand still. */
export function outwards(from: number, count: number, direction: 1 | 0 | -1 = 0): readonly number[] {
  const order = from >= 0 && from < count ? [from] : [];
  const way = direction === 0 ? 1 : direction;
  const share = direction === 0 ? 1 : AHEAD;
  let [ahead, behind] = [1, 1];
  while (order.length < count) {
    const before = order.length;
    for (let step = 0; step < share; step += 1, ahead += 1) {
      const index = from + way * ahead;
      if (index >= 0 && index < count) order.push(index);
    }
    const index = from - way * behind;
    behind += 1;
    if (index >= 0 && index < count) order.push(index);
    if (order.length === before && ahead > count && behind > count) break;
  }
  return order;
}

/** Loads what lies nearest to the eye, a few at a time, until everything in `budget` is there or it is stopped. */
export class Prefetch {
  readonly #load: (index: number) => Promise<unknown>;
  readonly #atOnce: number;
  #asked = new Set<number>();
  #order: readonly number[] = [];
  #from: number | null = null;
  #running = 0;
  #stopped = false;

  constructor(load: (index: number) => Promise<unknown>, atOnce = 4) {
    this.#load = load;
    this.#atOnce = atOnce;
  }

  /** Follows the eye: from now on loads outwards from here. What lies beyond the budget may have left the cache, and is asked for again when the eye comes back. */
  lookAt(index: number, count: number, budget: number): void {
    const way = this.#from === null ? 0 : (Math.sign(index - this.#from) as 1 | 0 | -1);
    this.#from = index;
    this.#order = outwards(index, count, way).slice(0, Math.max(1, budget));
    this.#asked = new Set(this.#order.filter((one) => this.#asked.has(one)));
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
