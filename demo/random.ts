/** A stream of numbers that a seed decides completely. */
export type Random = {
  /** Next number in [0, 1). */
  readonly next: () => number;
  /** Next number in [low, high). */
  readonly between: (low: number, high: number) => number;
  /** Next whole number in [low, high]. */
  readonly whole: (low: number, high: number) => number;
  /** Next number of the standard normal distribution. */
  readonly normal: () => number;
  /** True with the given probability. */
  readonly chance: (probability: number) => boolean;
  /** One of the given things. */
  readonly pick: <T>(from: readonly T[]) => T;
};

/** Starts a stream (mulberry32 over a hashed seed): the same seed and name give the same stream on every machine. */
export function seededRandom(seed: number, name = ''): Random {
  let state = seed >>> 0;
  for (const character of name) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 4; warmUp += 1) next();
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[Math.floor(next() * from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
  };
}
