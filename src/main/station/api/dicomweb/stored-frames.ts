import type { ByteRange, RangeReader } from '../../dicom/dataset/find-pixel-data.ts';
import { unpackFrames } from '../../dicom/frame-index.ts';
import { type Frames, openFrames } from '../../dicom/pixel/read-frames.ts';
import { frameRanges } from '../../dicom/frames.ts';
import { findPixelData } from '../../dicom/dataset/find-pixel-data.ts';
import { describeInstance } from '../../dicom/dataset/describe-instance.ts';
import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax } from '../../dicom/transfer-syntaxes.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { StoredInstance } from './services.ts';
import { dataSetReader } from './stored-bytes.ts';

/** The bytes of each frame, and what they are ranges of. */
export type LocatedFrames = {
  readonly frames: readonly (readonly ByteRange[])[];
  readonly source: RangeReader;
};

/** Finds frames in stored objects. */
export type FrameLocator = {
  /** Where each frame's bytes are: as filed, else by looking into the object once; null where there are none that can be told apart. */
  locate(stored: StoredInstance): Promise<LocatedFrames | null>;
  /** The frames with all that decoding and showing them takes; null where there are none, or they cannot be told apart. */
  open(stored: StoredInstance): Promise<Frames | null>;
};

const MOST_LOCATED = 512;
const MOST_OPEN = 32;

/** A locator that remembers what it found, so that a stack of frames is not searched once a frame. */
export function createFrameLocator(objects: ObjectReader): FrameLocator {
  return {
    locate: remembering(MOST_LOCATED, async (stored: StoredInstance) => {
      const reader = dataSetReader(objects, stored);
      if (stored.frameIndex !== null) return { frames: unpackFrames(stored.frameIndex), source: reader };
      const found = await findPixelData(reader, stored.transferSyntaxUid);
      if (!found.ok || found.value.location === null) return null;
      const { location, dataset, source } = found.value;
      const frames = frameRanges(location, describeInstance(dataset).image);
      return frames.ok ? { frames: frames.value, source } : null;
    }),
    open: remembering(MOST_OPEN, async (stored: StoredInstance) => {
      const opened = await openFrames(dataSetReader(objects, stored), stored.transferSyntaxUid);
      return opened.ok ? opened.value : null;
    }),
  };
}

function remembering<Found>(most: number, find: (stored: StoredInstance) => Promise<Found>) {
  const known = new Map<string, Found>();
  return async (stored: StoredInstance): Promise<Found> => {
    const remembered = known.get(stored.digest);
    if (remembered !== undefined) return remembered;
    const found = await find(stored);
    known.set(stored.digest, found);
    const oldest = known.size > most ? known.keys().next() : undefined;
    if (oldest?.value !== undefined) known.delete(oldest.value);
    return found;
  };
}

/** What the frames of a transfer syntax are called: their media type, and the transfer syntax their bytes have on their own. */
export function frameFormat(transferSyntaxUid: string): { readonly type: string; readonly transferSyntaxUid: string } {
  const syntax = findTransferSyntax(transferSyntaxUid);
  // Native pixels are the same bytes whether the elements around them name their VR or not.
  if (syntax !== null && !syntax.isEncapsulated && syntax.byteOrder === 'little')
    return { type: 'application/octet-stream', transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN };
  return { type: syntax?.frameMediaType ?? 'application/octet-stream', transferSyntaxUid };
}

/** True where frames of a transfer syntax can be turned into native pixels here. */
export function isDecodable(transferSyntaxUid: string): boolean {
  return findTransferSyntax(transferSyntaxUid)?.isDecodable === true;
}
