import type { RangeReader } from '../../dicom/dataset/find-pixel-data.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { StoredInstance } from './services.ts';

/** Small enough that a hundred slow readers hold little, large enough that reading is cheap. */
const CHUNK_BYTES = 256 * 1024;
/** The rest waits its turn: every answer under way holds one chunk at most. */
const MOST_READS_AT_ONCE = 16;

/** A run of bytes in pieces, read as they are asked for. */
export async function* rangeBytes(reader: RangeReader, offset: number, length: number): AsyncGenerator<Uint8Array> {
  const end = offset + length;
  for (let at = offset; at < end; at += CHUNK_BYTES) {
    const chunk = await reader.read(at, Math.min(CHUNK_BYTES, end - at));
    if (chunk.length === 0) throw new Error('a stored object is shorter than its record');
    yield chunk;
  }
}

/** Reads ranges of a stored file's data set, behind its Part-10 header. */
export function dataSetReader(objects: ObjectReader, stored: StoredInstance): RangeReader {
  return {
    length: stored.sizeBytes - stored.bodyOffset,
    read: (offset, length) => read(objects, stored.digest, stored.encoding, stored.bodyOffset + offset, length),
  };
}

/** The same objects, read when a turn is free. */
export function inTurns(objects: ObjectReader): ObjectReader {
  return { ...objects, readRange: (digest, encoding, start, length) => read(objects, digest, encoding, start, length) };
}

let reading = 0;
const waiting: (() => void)[] = [];

async function read(objects: ObjectReader, ...range: Parameters<ObjectReader['readRange']>): Promise<Buffer> {
  if (reading >= MOST_READS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else reading += 1;
  try {
    return await objects.readRange(...range);
  } finally {
    // Whoever waits takes this turn over.
    const next = waiting.shift();
    if (next === undefined) reading -= 1;
    else next();
  }
}
