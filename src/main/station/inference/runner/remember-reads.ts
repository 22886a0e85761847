import type { ObjectReader } from '../../platform/objects/object-store.ts';

/** Reads a whole object, into what `allocate` gives where that is asked for. */
export type ReadInto = (
  ...object: [...Parameters<ObjectReader['read']>, allocate?: (length: number) => Buffer]
) => Promise<Buffer>;

/** Objects that stand in one piece of memory: V8 counts it once, where each by itself makes it mark everything again and again. */
type Shelf = { readonly memory: Buffer; usedBytes: number; readonly objects: Map<string, Buffer> };

const SHELVES = 8;
/** Wide enough for any number that is read where it stands. */
const ALIGNED_BYTES = 8;

/**
 * Reads each object from the disk once for all models that read it one after another: what was read last is kept, up to
 * `budgetMb` MiB. Only sealed objects, whose reading proves them, and never what failed. Readers share the bytes, and write to none.
 */
export function rememberReads(read: ReadInto, budgetMb: number): ObjectReader['read'] {
  const budgetBytes = budgetMb * 2 ** 20;
  /** What was read of longest ago first. */
  const shelves = new Set<Shelf>();
  let filling: Shelf = { memory: Buffer.alloc(0), usedBytes: 0, objects: new Map() };

  function placeFor(length: number): Buffer {
    if (filling.memory.length - filling.usedBytes < length) {
      const memory = Buffer.allocUnsafeSlow(Math.max(length, Math.floor(budgetBytes / SHELVES)));
      filling = { memory, usedBytes: 0, objects: new Map() };
      shelves.add(filling);
      let heldBytes = [...shelves].reduce((sum, shelf) => sum + shelf.memory.length, 0);
      for (const oldest of shelves) {
        if (heldBytes <= budgetBytes) break;
        shelves.delete(oldest);
        heldBytes -= oldest.memory.length;
      }
    }
    const place = filling.memory.subarray(filling.usedBytes, filling.usedBytes + length);
    filling.usedBytes += Math.ceil(length / ALIGNED_BYTES) * ALIGNED_BYTES;
    return place;
  }

  return async (digest, encoding) => {
    if (encoding === 'plain') return read(digest, encoding);
    for (const shelf of shelves) {
      const known = shelf.objects.get(digest);
      if (known === undefined) continue;
      shelves.delete(shelf);
      shelves.add(shelf);
      return known;
    }
    let shelf = filling;
    const bytes = await read(digest, encoding, (length) => {
      const place = placeFor(length);
      shelf = filling;
      return place;
    });
    shelf.objects.set(digest, bytes);
    return bytes;
  };
}
