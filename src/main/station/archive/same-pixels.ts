import { findPixelData, type PixelDataLocation } from '../dicom/dataset/find-pixel-data.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';

/** A stored version to compare with. */
export type StoredVersion = { readonly object: ObjectRecord; readonly transferSyntaxUid: string };

type Range = { readonly offset: number; readonly length: number };

const CHUNK_BYTES = 1024 * 1024;

/** True when two versions of one instance carry the same pixel bytes in the same syntax, or neither carries any. Holds two chunks at a time, however large the objects. */
export async function haveSamePixels(
  objects: ObjectReader,
  stored: StoredVersion,
  arrived: StoredVersion,
): Promise<boolean> {
  const [before, now] = await Promise.all([pixelRanges(objects, stored), pixelRanges(objects, arrived)]);
  if (before.length === 0 && now.length === 0) return true;
  if (stored.transferSyntaxUid !== arrived.transferSyntaxUid || before.length !== now.length) return false;
  for (const [index, range] of before.entries()) {
    const other = now[index];
    if (other === undefined || other.length !== range.length) return false;
    for (let done = 0; done < range.length; done += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, range.length - done);
      const [one, two] = await Promise.all([
        readBody(objects, stored.object, range.offset + done, length),
        readBody(objects, arrived.object, other.offset + done, length),
      ]);
      if (!one.equals(two)) return false;
    }
  }
  return true;
}

/** Where a version's pixel bytes are, in order: one range, or one a fragment. The offset table says nothing of the pixels. */
async function pixelRanges(objects: ObjectReader, version: StoredVersion): Promise<readonly Range[]> {
  const { object } = version;
  const located = await findPixelData(
    {
      length: object.sizeBytes - object.bodyOffset,
      read: (offset, length) => readBody(objects, object, offset, length),
    },
    version.transferSyntaxUid,
  );
  if (!located.ok) throw new Error('a filed object no longer reads');
  return rangesOf(located.value.location);
}

function rangesOf(location: PixelDataLocation | null): readonly Range[] {
  if (location === null) return [];
  return location.kind === 'native' ? [location] : location.fragments;
}

function readBody(objects: ObjectReader, object: ObjectRecord, offset: number, length: number): Promise<Buffer> {
  const inside = Math.max(0, Math.min(length, object.sizeBytes - object.bodyOffset - offset));
  return objects.readRange(object.digest, object.encoding, object.bodyOffset + offset, inside);
}
