import { isDeepStrictEqual } from 'node:util';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { toDicomJson } from '../dicom/dataset/dicom-json.ts';
import { lookUpTag } from '../dicom/dataset/dictionary.ts';
import { isUnreadable } from '../platform/objects/is-unreadable.ts';
import { findSound } from '../platform/objects/records.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { checkObject } from './check-object.ts';
import {
  arePlainBytes,
  findPixelsLetGo,
  openVersion,
  type OpenedVersion,
  type PixelTools,
  type StoredVersion,
} from './pixel-digests.ts';

/** Said among what differs where that is not an attribute: the pixels do, or there was nothing left to compare with. */
export const PIXELS = 'pixels';
export const NOT_COMPARED = 'not-compared';

/**
 * How two versions of one instance compare; `differing` holds the keywords of top-level attributes, never their values, and the
 * words above.
 */
export type VersionComparison = { readonly isSame: boolean; readonly differing: readonly string[] };

/**
 * Compares two versions of one instance: the same where they carry the same pixels, in whatever lossless form. Where neither
 * carries any (a report, a dose report) the attributes are the content, and have to be the same but for those that archives
 * put right. With a version of which the file is not here any more, or cannot be read, its pixels alone are compared, by what
 * was kept of them; one found unreadable only now is told to `suspect`.
 */
export async function compareVersions(
  tools: PixelTools & { readonly db: ReadableDb; readonly suspect?: (digest: string) => void },
  stored: StoredVersion,
  arrived: StoredVersion,
): Promise<VersionComparison> {
  const now = await openVersion(tools, arrived);
  const { digest, encoding } = stored.object;
  if (findSound(tools.db, digest) !== null)
    try {
      return await compareFiles(await openVersion(tools, stored), now);
    } catch (error) {
      if (!isUnreadable(error) || (await checkObject(tools.objects, digest, encoding)) === 'sound') throw error;
      tools.suspect?.(digest);
    }
  const kept = findPixelsLetGo(tools.db, digest);
  if (kept === null) return { isSame: false, differing: [NOT_COMPARED] };
  const isSame = await haveSamePixels({ stored: async () => kept.stored, decoded: async () => kept.decoded }, now);
  return { isSame, differing: isSame ? [NOT_COMPARED] : [NOT_COMPARED, PIXELS] };
}

async function compareFiles(before: OpenedVersion, now: OpenedVersion): Promise<VersionComparison> {
  const differing = differingKeywords(before.dataset, now.dataset);
  const isSame = await haveSamePixels(before, now);
  const hasPixels = before.dataset.pixelData !== null || now.dataset.pixelData !== null;
  return { isSame, differing: isSame || !hasPixels ? differing : [...differing, PIXELS] };
}

/** Keywords of the top-level attributes that only one side has or that differ in value; a tag in hexadecimal where it has none. */
function differingKeywords(one: ReadDataset, other: ReadDataset): readonly string[] {
  const [before, now] = [toDicomJson(one), toDicomJson(other)];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((tag) => !isDeepStrictEqual(before[tag], now[tag]))
    .toSorted()
    .map((tag) => lookUpTag(Number.parseInt(tag, 16))?.keyword ?? tag);
}

/** By their bytes first; frames are decoded only where those are in another form, or compressed otherwise. */
async function haveSamePixels(
  before: Omit<OpenedVersion, 'dataset'>,
  now: Omit<OpenedVersion, 'dataset'>,
): Promise<boolean> {
  const [one, other] = [await before.stored(), await now.stored()];
  if (one === other) return true;
  // Also what stands in bits that are no sample's is part of what came.
  if (arePlainBytes(one) && arePlainBytes(other)) return false;
  const frames = await before.decoded();
  return frames !== null && frames === (await now.decoded());
}
