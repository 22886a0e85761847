import { createHash } from 'node:crypto';
import { PART10_HEAD_LENGTH, readPart10Header } from '../dicom/part10.ts';
import { type ObjectEncoding, type ObjectReader, startObjectDigest } from '../platform/objects/object-store.ts';
import { DamagedObject } from '../platform/objects/sealed-format.ts';

/** How a stored object was found. */
export type ObjectCondition = 'sound' | 'damaged' | 'missing' | 'key-unknown';

const STEP_BYTES = 1024 * 1024;

/**
 * Reads a stored object from end to end and holds it against its digest: of transfer syntax and data set where it is DICOM, of
 * all its bytes where it is not. `before` is awaited ahead of each step of at most 1 MiB. A disk that cannot be read at all throws.
 */
export async function checkObject(
  objects: ObjectReader,
  digest: string,
  encoding: ObjectEncoding,
  before: (bytes: number) => Promise<void> = async () => undefined,
): Promise<ObjectCondition> {
  try {
    const sizeBytes = await objects.sizeBytes(digest, encoding);
    const head = await objects.readRange(digest, encoding, 0, PART10_HEAD_LENGTH);
    const header = readPart10Header(head);
    const hash = createHash('sha256');
    if (header.ok) startObjectDigest(hash, header.value.transferSyntaxUid);
    for (let start = header.ok ? header.value.dataSetOffset : 0; start < sizeBytes; start += STEP_BYTES) {
      const length = Math.min(STEP_BYTES, sizeBytes - start);
      await before(length);
      hash.update(await objects.readRange(digest, encoding, start, length));
    }
    return hash.digest('hex') === digest ? 'sound' : 'damaged';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof DamagedObject) return error.code === 'object-damaged' ? 'damaged' : 'key-unknown';
    // EIO is how a disk says that the sectors below a file are gone.
    if (code === 'ENOENT') return 'missing';
    if (code === 'EIO') return 'damaged';
    throw error;
  }
}
