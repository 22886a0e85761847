import { isDeepStrictEqual } from 'node:util';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { toDicomJson } from '../dicom/dataset/dicom-json.ts';
import { lookUpTag } from '../dicom/dataset/dictionary.ts';
import { findPixelData, type LocatedPixelData, type PixelDataLocation } from '../dicom/dataset/find-pixel-data.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';

/** A stored version to compare with. */
export type StoredVersion = { readonly object: ObjectRecord; readonly transferSyntaxUid: string };

type Range = { readonly offset: number; readonly length: number };

const CHUNK_BYTES = 1024 * 1024;

/** How two versions of one instance compare; `differing` holds the keywords of top-level attributes, never their values. */
export type VersionComparison = { readonly isSame: boolean; readonly differing: readonly string[] };

/**
 * Compares two versions of one instance: the same where they carry the same pixel bytes in the same syntax. Where neither
 * carries any (a report, a dose report) the attributes are the content, and all of them have to be the same.
 */
export async function compareVersions(
  objects: ObjectReader,
  stored: StoredVersion,
  arrived: StoredVersion,
): Promise<VersionComparison> {
  const [before, now] = await Promise.all([locate(objects, stored), locate(objects, arrived)]);
  const differing = differingKeywords(before.dataset, now.dataset);
  const isSame =
    before.location === null && now.location === null
      ? differing.length === 0
      : await haveSamePixels(objects, stored, rangesOf(before.location), arrived, rangesOf(now.location));
  return { isSame, differing };
}

/** Keywords of the top-level attributes that only one side has or that differ in value; a tag in hexadecimal where it has none. */
function differingKeywords(one: ReadDataset, other: ReadDataset): readonly string[] {
  const [before, now] = [toDicomJson(one), toDicomJson(other)];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((tag) => !isDeepStrictEqual(before[tag], now[tag]))
    .toSorted()
    .map((tag) => lookUpTag(Number.parseInt(tag, 16))?.keyword ?? tag);
}

/** Holds two chunks at a time, however large the objects. */
async function haveSamePixels(
  objects: ObjectReader,
  stored: StoredVersion,
  before: readonly Range[],
  arrived: StoredVersion,
  now: readonly Range[],
): Promise<boolean> {
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

async function locate(objects: ObjectReader, version: StoredVersion): Promise<LocatedPixelData> {
  const { object } = version;
  const located = await findPixelData(
    {
      length: object.sizeBytes - object.bodyOffset,
      read: (offset, length) => readBody(objects, object, offset, length),
    },
    version.transferSyntaxUid,
  );
  if (!located.ok) throw new Error('a filed object no longer reads');
  return located.value;
}

/** Where the pixel bytes are, in order: one range, or one a fragment. The offset table says nothing of the pixels. */
function rangesOf(location: PixelDataLocation | null): readonly Range[] {
  if (location === null) return [];
  return location.kind === 'native' ? [location] : location.fragments;
}

function readBody(objects: ObjectReader, object: ObjectRecord, offset: number, length: number): Promise<Buffer> {
  const inside = Math.max(0, Math.min(length, object.sizeBytes - object.bodyOffset - offset));
  return objects.readRange(object.digest, object.encoding, object.bodyOffset + offset, inside);
}
