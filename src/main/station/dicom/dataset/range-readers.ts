import type { RangeReader } from './find-pixel-data.ts';

/** A part of what a reader reads, as a reader of its own. */
export function partOf(reader: RangeReader, offset: number, length: number = reader.length - offset): RangeReader {
  return {
    length,
    read: (at, wanted) => reader.read(offset + at, Math.max(0, Math.min(wanted, length - at))),
  };
}

/** Several readers as one, end to end. Nothing is held: each read asks those it falls into. */
export function joinReaders(readers: readonly RangeReader[]): RangeReader {
  return {
    length: readers.reduce((sum, { length }) => sum + length, 0),
    async read(offset, wanted) {
      const found: Uint8Array[] = [];
      let start = 0;
      for (const reader of readers) {
        const from = Math.max(0, offset - start);
        const to = Math.min(reader.length, offset + wanted - start);
        if (from < to) found.push(await reader.read(from, to - from));
        start += reader.length;
      }
      return found.length === 1 && found[0] ? found[0] : Buffer.concat(found);
    },
  };
}
