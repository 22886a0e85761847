import { isUnreadable } from '../platform/objects/is-unreadable.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';

/** The same reader, which tells of every object that could not be given as it was kept; the error goes on to the caller. */
export function watchReader(objects: ObjectReader, suspect: (digest: string) => void): ObjectReader {
  const watched = async <T>(digest: string, reading: Promise<T>): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      if (isUnreadable(error)) suspect(digest);
      throw error;
    }
  };
  return {
    read: (digest, encoding) => watched(digest, objects.read(digest, encoding)),
    readRange: (digest, encoding, start, length) => watched(digest, objects.readRange(digest, encoding, start, length)),
    sizeBytes: (digest, encoding) => watched(digest, objects.sizeBytes(digest, encoding)),
  };
}
