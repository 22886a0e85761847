import { readDataset } from '../dicom/dataset/read-dataset.ts';
import type { ObjectStore } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';

/** A stored version to compare with. */
export type StoredVersion = { readonly object: ObjectRecord; readonly transferSyntaxUid: string };

/** True when two versions of one instance carry the same pixel bytes in the same syntax, or neither carries any. */
export async function haveSamePixels(
  objects: ObjectStore,
  stored: StoredVersion,
  arrived: StoredVersion,
): Promise<boolean> {
  const [before, now] = await Promise.all([pixelBytes(objects, stored), pixelBytes(objects, arrived)]);
  if (before === null || now === null) return before === now;
  return stored.transferSyntaxUid === arrived.transferSyntaxUid && before.equals(now);
}

async function pixelBytes(objects: ObjectStore, version: StoredVersion): Promise<Buffer | null> {
  const { digest, encoding, bodyOffset } = version.object;
  const body = (await objects.read(digest, encoding)).subarray(bodyOffset);
  const read = readDataset(body, version.transferSyntaxUid, { untilPixelData: true });
  const pixels = read.ok ? read.value.pixelData : null;
  if (pixels === null) return null;
  return body.subarray(pixels.offset, pixels.length === null ? undefined : pixels.offset + pixels.length);
}
