import type { ObjectReader } from '../../platform/objects/object-store.ts';

/**
 * Reads each object from the disk once for all models that read it one after another: what was read last is kept, up to
 * `budgetMb` MiB. Only sealed objects, whose reading proves them, and never what failed. Readers share the bytes, and write to none.
 */
export function rememberReads(objects: ObjectReader, budgetMb: number): ObjectReader {
  const kept = new Map<string, Buffer>();
  let keptBytes = 0;

  function keep(digest: string, bytes: Buffer): void {
    if (bytes.length > budgetMb * 2 ** 20) return;
    kept.set(digest, bytes);
    keptBytes += bytes.length;
    for (const [oldest, old] of kept) {
      if (keptBytes <= budgetMb * 2 ** 20) return;
      kept.delete(oldest);
      keptBytes -= old.length;
    }
  }

  return {
    ...objects,
    async read(digest, encoding) {
      const known = kept.get(digest);
      if (known !== undefined) {
        kept.delete(digest);
        kept.set(digest, known);
        return known;
      }
      const bytes = await objects.read(digest, encoding);
      if (encoding !== 'plain' && !kept.has(digest)) keep(digest, bytes);
      return bytes;
    },
  };
}
