import type { ObjectReader } from '../platform/objects/object-store.ts';
import { DamagedObject } from '../platform/objects/sealed-format.ts';

/** The same reader, which tells of every object that could not be given as it was kept; the error goes on to the caller. */
export function watchReader(objects: ObjectReader, suspect: (digest: string) => void): ObjectReader {
  const watched = async <T>(digest: string, reading: Promise<T>): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof DamagedObject || code === 'ENOENT' || code === 'EIO') suspect(digest);
      throw error;
    }
  };
  return {
    read: (digest, encoding) => watched(digest, objects.read(digest, encoding)),
    readRange: (digest, encoding, start, length) => watched(digest, objects.readRange(digest, encoding, start, length)),
    sizeBytes: (digest, encoding) => watched(digest, objects.sizeBytes(digest, encoding)),
  };
}
