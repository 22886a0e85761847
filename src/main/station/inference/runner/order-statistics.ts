/**
 * Percentiles of numbers in several parts, linear between neighbours as NumPy's: exact, in a few passes and without a sorted copy,
 * which of a large volume would take its size again. `percents` are 0 to 100; NaN for no numbers.
 */
export function percentilesOf(parts: readonly Float32Array[], percents: readonly number[]): readonly number[] {
  const count = parts.reduce((sum, { length }) => sum + length, 0);
  const places = percents.map((percent) => (Math.max(count - 1, 0) * percent) / 100);
  const ranks = [...new Set(places.flatMap((place) => [Math.floor(place), Math.ceil(place)]))].toSorted(
    (a, b) => a - b,
  );
  const found = valuesAtRanks(parts, ranks);
  return places.map((place) => {
    const [low, high] = [found.get(Math.floor(place)), found.get(Math.ceil(place))];
    return low === undefined || high === undefined ? Number.NaN : low + (high - low) * (place - Math.floor(place));
  });
}

const BINS = 0x10000;

/** By the upper half of the numbers' order first, then by the lower half within the bins that hold a rank. */
function valuesAtRanks(parts: readonly Float32Array[], ranks: readonly number[]): ReadonlyMap<number, number> {
  const upper = new Float64Array(BINS);
  for (const raw of parts.map(rawBits))
    for (let index = 0; index < raw.length; index += 1) {
      const bin = toKey(raw[index] as number) >>> 16;
      upper[bin] = (upper[bin] as number) + 1;
    }
  const values = new Map<number, number>();
  const lowers = new Map<number, Float64Array>();
  for (const rank of ranks) {
    const found = binAt(upper, rank);
    if (found === null) continue;
    const lower = lowers.get(found.bin) ?? lowerHalves(parts, found.bin);
    lowers.set(found.bin, lower);
    const within = binAt(lower, rank - found.before);
    if (within !== null) values.set(rank, fromKey(found.bin * BINS + within.bin));
  }
  return values;
}

function lowerHalves(parts: readonly Float32Array[], bin: number): Float64Array {
  const lower = new Float64Array(BINS);
  for (const raw of parts.map(rawBits))
    for (let index = 0; index < raw.length; index += 1) {
      const key = toKey(raw[index] as number);
      if (key >>> 16 === bin) lower[key & 0xffff] = (lower[key & 0xffff] as number) + 1;
    }
  return lower;
}

function binAt(counts: Float64Array, rank: number): { readonly bin: number; readonly before: number } | null {
  let before = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    const here = counts[bin] as number;
    if (rank < before + here) return { bin, before };
    before += here;
  }
  return null;
}

function rawBits({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

/** IEEE 754 numbers in their order as unsigned integers: negative ones turned over, positive ones above them. */
function toKey(raw: number): number {
  return (raw & 0x80000000 ? ~raw : raw | 0x80000000) >>> 0;
}

function fromKey(key: number): number {
  const bits = Uint32Array.of(key & 0x80000000 ? key ^ 0x80000000 : ~key);
  return new Float32Array(bits.buffer)[0] as number;
}
