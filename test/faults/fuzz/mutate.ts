/** A stream of numbers that a seed decides: the same everywhere, so that a seed names a case for ever (mulberry32). */
export type Dice = {
  /** A whole number from 0 to below `sides`. */
  readonly roll: (sides: number) => number;
  readonly pick: <Value>(from: readonly Value[]) => Value;
};

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const roll = (sides: number) => Math.floor(next() * sides);
  return { roll, pick: (from) => from[roll(from.length)] as (typeof from)[number] };
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What parsers trip over: lengths that lie, delimiters out of place, sequences without end, VRs that are none. */
const PIECES: readonly Buffer[] = [
  hex('ffffffff'),
  hex('00000000'),
  hex('feffffff'),
  hex('00000080'),
  hex('feff00e0 ffffffff'),
  hex('feff0de0 00000000'),
  hex('feffdde0 00000000'),
  hex('08001511 5351 0000 ffffffff feff00e0 ffffffff'),
  hex('28001000 5553 0200 ffff 28001100 5553 0200 ffff'),
  hex('28000800 4953 0a00 39393939393939393939'),
  hex('e07f1000 4f42 0000 ffffffff'),
  hex('1b2442 1b2943 1b'),
  hex('00000000 00000000 00000000 00000000'),
  Buffer.from('SQUNOBOWXXUT'),
];

type Change = (bytes: Buffer, dice: Dice) => Buffer;

const splice = (bytes: Buffer, at: number, gone: number, put: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]);

const CHANGES: readonly Change[] = [
  (bytes, { roll }) => {
    const at = roll(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << roll(8));
    return bytes;
  },
  (bytes, { roll }) => {
    bytes[roll(bytes.length)] = roll(256);
    return bytes;
  },
  (bytes, { roll, pick }) => {
    const piece = pick(PIECES);
    piece.copy(bytes, roll(bytes.length));
    return bytes;
  },
  (bytes, { roll, pick }) => splice(bytes, roll(bytes.length), 0, pick(PIECES)),
  (bytes, { roll }) => splice(bytes, roll(bytes.length), roll(64), new Uint8Array(0)),
  (bytes, { roll }) => bytes.subarray(0, 1 + roll(bytes.length)),
  (bytes, { roll }) => {
    const from = roll(bytes.length);
    return splice(bytes, roll(bytes.length), 0, bytes.subarray(from, from + roll(512)));
  },
  (bytes, { roll }) => {
    const from = roll(bytes.length);
    return bytes.fill(roll(2) * 0xff, from, Math.min(bytes.length, from + roll(256)));
  },
  // The same piece hundreds of times: nesting deeper than any reader goes, or elements by the thousand.
  (bytes, { roll, pick }) => {
    const piece = pick(PIECES);
    return splice(bytes, roll(bytes.length), 0, Buffer.concat(Array<Buffer>(1 + roll(2000)).fill(piece)));
  },
];

/** One to six changes to a copy of the bytes. */
export function mutate(bytes: Uint8Array, dice: Dice): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let left = 1 + dice.roll(6); left > 0; left -= 1) {
    if (changed.length === 0) return changed;
    changed = dice.pick(CHANGES)(changed, dice) as Buffer<ArrayBuffer>;
  }
  return changed;
}
