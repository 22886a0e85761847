import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unzip = promisify(gunzip);
/** Compared in pieces, so that receiving is never held up behind a large mask. */
const PIECE_BYTES = 1 << 18;

/** How many pixels two masks differ in, each gzip over one bit a pixel; null where one is not of the other's size, or unreadable. */
export async function countDifferingPixels(one: Uint8Array, other: Uint8Array): Promise<number | null> {
  const unzipped = await Promise.all([unzip(one), unzip(other)]).catch(() => null); // damaged: the caller is told by the null
  if (unzipped === null || unzipped[0].length !== unzipped[1].length) return null;
  const [a, b] = unzipped;
  let differing = 0;
  for (let start = 0; start < a.length; start += PIECE_BYTES) {
    const end = Math.min(a.length, start + PIECE_BYTES);
    for (let index = start; index < end; index += 1) differing += BITS[(a[index] ?? 0) ^ (b[index] ?? 0)] ?? 0;
    await breathe();
  }
  return differing;
}

/** How many bits are set in each byte. */
const BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
