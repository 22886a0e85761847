/** Frames a second that a reader may play at. */
export const CINE_RATES = [1, 2, 5, 8, 10, 12, 15, 20, 25, 30, 40, 60] as const;
const USUAL_RATE = 12;

/** The rate nearest to what an object says of itself (PS3.3 §C.7.6.5), or the usual one. */
export function cineRateOf(said: number | null): number {
  if (said === null || !(said > 0)) return USUAL_RATE;
  return CINE_RATES.reduce(
    (best, rate) => (Math.abs(rate - said) < Math.abs(best - said) ? rate : best),
    CINE_RATES[0],
  );
}

/** The next rate up or down. */
export function otherRate(rate: number, step: 1 | -1): number {
  const at = CINE_RATES.findIndex((one) => one >= rate);
  return CINE_RATES[Math.max(0, Math.min(CINE_RATES.length - 1, at + step))] ?? rate;
}

type Clock = { readonly nowMs: () => number; readonly wait: (ms: number, onTime: () => void) => () => void };

const PAGE_CLOCK: Clock = {
  nowMs: () => performance.now(),
  wait: (ms, onTime) => {
    const timer = setTimeout(onTime, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Shows one image after another at a rate, over again at the end. Each image is on the screen before the next is asked for: what
 * cannot keep up plays slower and leaves none out.
 */
export class Cine {
  readonly #show: (step: number) => Promise<void>;
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;
  #rate: number;

  constructor(show: (step: number) => Promise<void>, rate: number, clock: Clock = PAGE_CLOCK) {
    this.#show = show;
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Changes the rate from the next image on. */
  set rate(rate: number) {
    this.#rate = rate;
  }

  start(): void {
    if (this.#cancel === null) this.#next(this.#clock.nowMs());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #next(dueMs: number): void {
    const wait = Math.max(0, dueMs - this.#clock.nowMs());
    let isStopped = false;
    const cancelTimer = this.#clock.wait(wait, () => {
      void this.#show(1).finally(() => {
        // A late image puts off those after it; nothing is hurried through to catch up.
        if (!isStopped) this.#next(Math.max(this.#clock.nowMs(), dueMs + 1000 / this.#rate));
      });
    });
    this.#cancel = () => {
      isStopped = true;
      cancelTimer();
    };
  }
}
