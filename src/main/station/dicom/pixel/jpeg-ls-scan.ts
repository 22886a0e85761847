import { DamagedScan } from './jpeg-bits.ts';

/** What governs the samples of a scan (ISO/IEC 14495-1 §C.2.4.1.1, Annex A). */
export type JpegLsParameters = {
  readonly largest: number;
  readonly near: number;
  readonly thresholds: readonly [number, number, number];
  readonly reset: number;
};

/** Lengths of runs by how well runs have gone so far (Table A.6), as powers of two. */
const RUN_ORDERS = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15],
);
const REGULAR_CONTEXTS = 365;

/** A stream cut short is read as zeros for so long, then it counts as damaged. */
const MOST_MISSING_BITS = 32;

/** Decodes the samples of one scan; the statistics live as long as the scan. Throws `DamagedScan`. */
export class JpegLsScan {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;
  #missing = 0;

  readonly #parameters: JpegLsParameters;
  readonly #step: number;
  readonly #range: number;
  readonly #rangeBits: number;
  readonly #limit: number;
  readonly #quantized: Int8Array;
  readonly #sums: Int32Array;
  readonly #biases = new Int32Array(REGULAR_CONTEXTS);
  readonly #corrections = new Int32Array(REGULAR_CONTEXTS);
  readonly #counts = new Int32Array(REGULAR_CONTEXTS + 2).fill(1);
  readonly #negatives = new Int32Array(2);

  constructor(bytes: Uint8Array, at: number, parameters: JpegLsParameters) {
    this.#bytes = bytes;
    this.#at = at;
    this.#parameters = parameters;
    const { largest, near } = parameters;
    this.#step = 2 * near + 1;
    this.#range = Math.floor((largest + 2 * near) / this.#step) + 1;
    this.#rangeBits = Math.ceil(Math.log2(this.#range));
    const bits = Math.max(2, Math.ceil(Math.log2(largest + 1)));
    this.#limit = 2 * (bits + Math.max(8, bits));
    this.#sums = new Int32Array(REGULAR_CONTEXTS + 2).fill(Math.max(2, (this.#range + 32) >> 6));
    this.#quantized = quantizeAll(parameters);
  }

  /** Where the bytes go on behind the scan. */
  get position(): number {
    return this.#at;
  }

  #bit(): number {
    if (this.#count === 0) this.#fill();
    this.#count -= 1;
    return (this.#held >> this.#count) & 1;
  }

  #bits(count: number): number {
    let value = 0;
    for (let left = count; left > 0; ) {
      if (this.#count === 0) this.#fill();
      const taken = Math.min(left, this.#count);
      this.#count -= taken;
      value = (value << taken) | ((this.#held >> this.#count) & ((1 << taken) - 1));
      left -= taken;
    }
    return value;
  }

  /** A byte behind FF carries seven bits; one with its highest bit set there is a marker (§A.1). */
  #fill(): void {
    const before = this.#bytes[this.#at - 1];
    const next = this.#bytes[this.#at];
    const isStuffed = before === 0xff && this.#held === 0xff;
    const endsHere = next === undefined || (next === 0xff && (this.#bytes[this.#at + 1] ?? 0xff) >= 0x80);
    if (endsHere) {
      this.#missing += 8;
      if (this.#missing > MOST_MISSING_BITS) throw new DamagedScan();
      this.#held = 0;
      this.#count = 8;
      return;
    }
    this.#at += 1;
    this.#held = next;
    this.#count = isStuffed ? 7 : 8;
  }

  /** A Golomb code of limited length (§A.5.3). */
  #golomb(order: number, limit: number): number {
    const most = limit - this.#rangeBits - 1;
    let zeros = 0;
    while (this.#bit() === 0) {
      zeros += 1;
      if (zeros > most) throw new DamagedScan();
    }
    return zeros < most ? (zeros << order) + this.#bits(order) : this.#bits(this.#rangeBits) + 1;
  }

  #order(context: number, sum: number): number {
    const count = this.#counts[context] as number;
    let order = 0;
    while (count << order < sum) {
      order += 1;
      if (order > 24) throw new DamagedScan();
    }
    return order;
  }

  /** The context of a sample's neighbours: 0 where all are alike; its sign says which way to read it (§A.3.3). */
  context(left: number, above: number, aboveLeft: number, aboveRight: number): number {
    const { largest } = this.#parameters;
    const first = this.#quantized[aboveRight - above + largest] as number;
    const second = this.#quantized[above - aboveLeft + largest] as number;
    const third = this.#quantized[aboveLeft - left + largest] as number;
    return 81 * first + 9 * second + third;
  }

  /** One sample by prediction and its context's statistics (§A.4 to §A.6). */
  regular(signedContext: number, left: number, above: number, aboveLeft: number): number {
    const sign = signedContext < 0 ? -1 : 1;
    const context = signedContext * sign;
    const { largest, near, reset } = this.#parameters;
    const smaller = left < above ? left : above;
    const larger = left < above ? above : left;
    let predicted = left + above - aboveLeft;
    if (aboveLeft >= larger) predicted = smaller;
    else if (aboveLeft <= smaller) predicted = larger;
    predicted += sign * (this.#corrections[context] as number);
    predicted = predicted < 0 ? 0 : predicted > largest ? largest : predicted;

    const count = this.#counts[context] as number;
    const bias = this.#biases[context] as number;
    const order = this.#order(context, this.#sums[context] as number);
    const mapped = this.#golomb(order, this.#limit);
    let error = mapped & 1 ? -((mapped + 1) >> 1) : mapped >> 1;
    if (near === 0 && order === 0 && 2 * bias <= -count) error = -error - 1;
    this.#learn(context, error, count, bias, reset);
    return this.#reconstructed(predicted, sign * error);
  }

  #learn(context: number, error: number, countBefore: number, biasBefore: number, reset: number): void {
    let sum = (this.#sums[context] as number) + Math.abs(error);
    let bias = biasBefore + error * this.#step;
    let count = countBefore;
    if (count === reset) {
      sum >>= 1;
      bias >>= 1;
      count >>= 1;
    }
    count += 1;
    let correction = this.#corrections[context] as number;
    if (bias <= -count) {
      bias = Math.max(bias + count, -count + 1);
      if (correction > -128) correction -= 1;
    } else if (bias > 0) {
      bias = Math.min(bias - count, 0);
      if (correction < 127) correction += 1;
    }
    this.#sums[context] = sum;
    this.#biases[context] = bias;
    this.#counts[context] = count;
    this.#corrections[context] = correction;
  }

  #reconstructed(predicted: number, error: number): number {
    const { largest, near } = this.#parameters;
    let sample = predicted + error * this.#step;
    if (sample < -near) sample += this.#range * this.#step;
    else if (sample > largest + near) sample -= this.#range * this.#step;
    return sample < 0 ? 0 : sample > largest ? largest : sample;
  }

  /** How long a run is, at most `room`, and whether a sample that breaks it follows (§A.7.1). */
  run(room: number, index: number): { readonly length: number; readonly index: number; readonly isBroken: boolean } {
    let length = 0;
    let at = index;
    while (this.#bit() === 1) {
      const whole = 1 << (RUN_ORDERS[at] as number);
      const taken = Math.min(whole, room - length);
      length += taken;
      if (taken === whole && at < 31) at += 1;
      if (length === room) return { length, index: at, isBroken: false };
    }
    length += this.#bits(RUN_ORDERS[at] as number);
    if (length >= room) throw new DamagedScan();
    return { length, index: at, isBroken: true };
  }

  /** The sample that breaks a run (§A.7.2). Components read pixel by pixel never count as alike. */
  broken(left: number, above: number, index: number, mayBeAlike: boolean): number {
    const isAlike = mayBeAlike && Math.abs(left - above) <= this.#parameters.near ? 1 : 0;
    const context = REGULAR_CONTEXTS + isAlike;
    const count = this.#counts[context] as number;
    const sum = this.#sums[context] as number;
    const order = this.#order(context, isAlike ? sum + (count >> 1) : sum);
    const mapped = this.#golomb(order, this.#limit - (RUN_ORDERS[index] as number) - 1);
    const negatives = this.#negatives[isAlike] as number;
    const folded = mapped + isAlike;
    const isOdd = (folded & 1) === 1;
    const size = (folded + (folded & 1)) >> 1;
    const error = (order !== 0 || 2 * negatives >= count) === isOdd ? -size : size;
    const isFull = count === this.#parameters.reset;
    const [sumAfter, negativesAfter] = [sum + ((mapped + 1 - isAlike) >> 1), negatives + (error < 0 ? 1 : 0)];
    this.#sums[context] = isFull ? sumAfter >> 1 : sumAfter;
    this.#negatives[isAlike] = isFull ? negativesAfter >> 1 : negativesAfter;
    this.#counts[context] = (isFull ? count >> 1 : count) + 1;
    return isAlike ? this.#reconstructed(left, error) : this.#reconstructed(above, above < left ? -error : error);
  }
}

/** The region of every difference there can be (§A.3.3), counted from the most negative. */
function quantizeAll({ largest, near, thresholds }: JpegLsParameters): Int8Array {
  const [first, second, third] = thresholds;
  return Int8Array.from({ length: 2 * largest + 1 }, (_, index) => {
    const difference = Math.abs(index - largest);
    const region =
      difference <= near ? 0 : difference < first ? 1 : difference < second ? 2 : difference < third ? 3 : 4;
    return index < largest ? -region : region;
  });
}
