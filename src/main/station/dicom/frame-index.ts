import type { ByteRange } from './dataset/find-pixel-data.ts';

/** Longer than this it is not worth keeping: it is found again in the file when asked for. */
const LONGEST_INDEX = 16 * 1024;
const NATIVE = 0;
const ENCAPSULATED = 1;

/**
 * Where each frame stands, in a few bytes: numbers of seven bits a byte, little end first. Frames of one length in a row are
 * offset, length and count; others are their runs, each as the gap before it and its length. Null where that gets too long.
 */
export function packFrames(frames: readonly (readonly ByteRange[])[]): Uint8Array | null {
  const packed = Uint8Array.from(isEven(frames) ? evenNumbers(frames) : runNumbers(frames), (byte) => byte);
  return packed.length > LONGEST_INDEX ? null : packed;
}

/** The frames of an index as `packFrames` made it. Throws on anything else: what is stored here only we wrote. */
export function unpackFrames(packed: Uint8Array): readonly (readonly ByteRange[])[] {
  const next = reader(packed);
  if (next() === NATIVE) {
    const [offset, length, count] = [next(), next(), next()];
    return Array.from({ length: count }, (_, frame) => [{ offset: offset + frame * length, length }]);
  }
  let end = 0;
  return Array.from({ length: next() }, () =>
    Array.from({ length: next() }, () => {
      const offset = end + next();
      const length = next();
      end = offset + length;
      return { offset, length };
    }),
  );
}

function isEven(frames: readonly (readonly ByteRange[])[]): boolean {
  const first = frames[0]?.[0];
  return frames.every(
    (runs, index) =>
      runs.length === 1 &&
      first !== undefined &&
      runs[0]?.length === first.length &&
      runs[0].offset === first.offset + index * first.length,
  );
}

function* evenNumbers(frames: readonly (readonly ByteRange[])[]): Generator<number> {
  const first = frames[0]?.[0] ?? { offset: 0, length: 0 };
  for (const number of [NATIVE, first.offset, first.length, frames.length]) yield* sevenBits(number);
}

function* runNumbers(frames: readonly (readonly ByteRange[])[]): Generator<number> {
  let end = 0;
  yield ENCAPSULATED;
  yield* sevenBits(frames.length);
  for (const runs of frames) {
    yield* sevenBits(runs.length);
    for (const { offset, length } of runs) {
      yield* sevenBits(offset - end);
      yield* sevenBits(length);
      end = offset + length;
    }
  }
}

/** Beyond 2^31 bitwise operators would cut: files may be longer. */
function* sevenBits(number: number): Generator<number> {
  if (number < 0) throw new Error('frames stand in the order of the file');
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) yield (rest % 128) + 128;
  yield rest;
}

function reader(packed: Uint8Array): () => number {
  let at = 0;
  return () => {
    let number = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = packed[at];
      if (byte === undefined) throw new Error('a frame index ends early');
      at += 1;
      number += (byte % 128) * scale;
      if (byte < 128) return number;
    }
  };
}
