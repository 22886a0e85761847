import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { findPixelData } from '../dicom/dataset/find-pixel-data.ts';
import { PART10_HEAD_LENGTH, readPart10Header } from '../dicom/part10.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';

/** A stored object's syntax as its own header says, and its data set below that. */
export type StoredBody = {
  readonly transferSyntaxUid: string;
  readonly length: number;
  read(offset: number, length: number): Promise<Buffer>;
};

/** Opens a stored object as a data set to read from; null where even its header cannot be read. */
export async function openBody(objects: ObjectReader, object: ObjectRecord): Promise<StoredBody | null> {
  const { digest, encoding, sizeBytes } = object;
  const header = readPart10Header(await objects.readRange(digest, encoding, 0, PART10_HEAD_LENGTH));
  if (!header.ok) return null;
  const { transferSyntaxUid, dataSetOffset } = header.value;
  const length = sizeBytes - dataSetOffset;
  return {
    transferSyntaxUid,
    length,
    read: (offset, wanted) =>
      objects.readRange(digest, encoding, dataSetOffset + offset, Math.max(0, Math.min(wanted, length - offset))),
  };
}

/** A stored object's attributes without its pixels, or null where they cannot be read. */
export async function readStoredDataset(objects: ObjectReader, object: ObjectRecord): Promise<ReadDataset | null> {
  const body = await openBody(objects, object);
  if (body === null) return null;
  const located = await findPixelData(body, body.transferSyntaxUid);
  return located.ok ? located.value.dataset : null;
}
