import { describeInstance } from '../../dicom/dataset/describe-instance.ts';
import { type ByteRange, findPixelData } from '../../dicom/dataset/find-pixel-data.ts';
import { frameRanges } from '../../dicom/frames.ts';
import {
  EXPLICIT_LITTLE_ENDIAN,
  findTransferSyntax,
  JPEG_LOSSLESS,
  JPEG_LOSSLESS_FIRST_ORDER,
} from '../../dicom/transfer-syntaxes.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { StoredInstance } from './services.ts';
import { dataSetReader } from './stored-bytes.ts';

/** Where each frame's bytes are in the data set; null where the object has none that can be told apart. */
export type FrameLocator = (stored: StoredInstance) => Promise<readonly (readonly ByteRange[])[] | null>;

const MOST_REMEMBERED = 512;
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  [JPEG_LOSSLESS]: 'image/jpeg',
  [JPEG_LOSSLESS_FIRST_ORDER]: 'image/jpeg',
};

/** A locator that remembers what it found, so that a stack of frames is not searched once a frame. */
export function createFrameLocator(objects: ObjectReader): FrameLocator {
  const known = new Map<string, readonly (readonly ByteRange[])[] | null>();
  return async (stored) => {
    const remembered = known.get(stored.digest);
    if (remembered !== undefined) return remembered;
    const found = await locate(objects, stored);
    known.set(stored.digest, found);
    const oldest = known.size > MOST_REMEMBERED ? known.keys().next() : undefined;
    if (oldest?.value !== undefined) known.delete(oldest.value);
    return found;
  };
}

async function locate(
  objects: ObjectReader,
  stored: StoredInstance,
): Promise<readonly (readonly ByteRange[])[] | null> {
  const found = await findPixelData(dataSetReader(objects, stored), stored.transferSyntaxUid);
  if (!found.ok || found.value.location === null) return null;
  const frames = frameRanges(found.value.location, describeInstance(found.value.dataset).image);
  return frames.ok ? frames.value : null;
}

/** What the frames of a transfer syntax are called: their media type, and the transfer syntax their bytes have on their own. */
export function frameFormat(transferSyntaxUid: string): { readonly type: string; readonly transferSyntaxUid: string } {
  const syntax = findTransferSyntax(transferSyntaxUid);
  // Native pixels are the same bytes whether the elements around them name their VR or not.
  if (syntax !== null && !syntax.isEncapsulated && syntax.byteOrder === 'little')
    return { type: 'application/octet-stream', transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN };
  return { type: IMAGE_TYPES[transferSyntaxUid] ?? 'application/octet-stream', transferSyntaxUid };
}
