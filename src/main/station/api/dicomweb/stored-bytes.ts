import type { RangeReader } from '../../dicom/dataset/find-pixel-data.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { StoredInstance } from './services.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A stored file from its first byte to its last, in pieces. */
export async function* fileBytes(objects: ObjectReader, stored: StoredInstance): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < stored.sizeBytes; start += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, stored.sizeBytes - start);
    yield await objects.readRange(stored.digest, stored.encoding, start, length);
  }
}

/** Reads ranges of a stored file's data set, behind its Part-10 header. */
export function dataSetReader(objects: ObjectReader, stored: StoredInstance): RangeReader {
  return {
    length: stored.sizeBytes - stored.bodyOffset,
    read: (offset, length) => objects.readRange(stored.digest, stored.encoding, stored.bodyOffset + offset, length),
  };
}
