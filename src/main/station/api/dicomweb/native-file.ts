import { explicitHeader } from '../../dicom/dataset/encode-explicit.ts';
import { writePart10Header } from '../../dicom/part10.ts';
import { findPixelData } from '../../dicom/dataset/find-pixel-data.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import type { Frames } from '../../dicom/pixel/read-frames.ts';
import { readHeadBytes } from './metadata-head.ts';
import type { Part } from './multipart.ts';
import type { DicomwebServices, StoredInstance } from './services.ts';
import { rangeBytes } from './stored-bytes.ts';
import type { FrameLocator } from './stored-frames.ts';

const PIXEL_DATA = 0x7fe00010;
/** Floating-point pixels have elements of their own. */
const PIXEL_TAGS: Readonly<Record<string, number>> = { OF: 0x7fe00008, OD: 0x7fe00009 };
/** The length of an element is written in 32 bits, and all of them set means another thing. */
const LONGEST_VALUE = 0xfffffffe;

type Pixels = { readonly vr: string; readonly length: number; readonly bytes: () => AsyncIterable<Uint8Array> };

/**
 * A stored object as a Part-10 file in explicit VR little endian: its elements written anew, its frames decoded one after
 * another as they are sent. Null where its elements cannot be read, or its first frame not decoded: then it can be had as stored only.
 */
export async function nativeFile(
  services: DicomwebServices,
  locator: FrameLocator,
  stored: StoredInstance,
): Promise<Part | null> {
  const { transferSyntaxUid, sopClassUid, sopUid: sopInstanceUid } = stored;
  const leaving = await services.openForSending(stored);
  if (!leaving.ok) return null;
  const { dataSet } = leaving.value;
  const found = await findPixelData(dataSet, transferSyntaxUid);
  if (!found.ok) return null;
  const { location, source, dataset } = found.value;
  const isStored = location?.kind === 'native' && dataset.isLittleEndian;
  const frames = location === null || isStored ? null : await locator.open(stored);
  const first = frames === null ? null : await decoded(services, frames, 0);
  if (location !== null && !isStored && (frames === null || first === null)) return null;
  const head = await services.explicitHead({
    bytes: await readHeadBytes(dataSet, transferSyntaxUid, dataset.pixelData),
    transferSyntaxUid,
    photometricInterpretation: first?.photometricInterpretation ?? null,
  });
  if (head === null) return null;
  const storedVr = dataset.pixelData?.vr ?? 'OW';
  const pixels: Pixels | null = isStored
    ? // Native pixels are the same in any little-endian syntax; those of a deflated object come from its inflated bytes.
      { vr: storedVr, length: location.length, bytes: () => rangeBytes(source, location.offset, location.length) }
    : frames !== null && first !== null
      ? decodedPixels(services, frames, first.bytes.length, storedVr)
      : null;
  if (pixels !== null && pixels.length > LONGEST_VALUE) return null;
  const meta = Buffer.from(
    writePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN }),
  );
  const padding = new Uint8Array((pixels?.length ?? 0) % 2);
  const opening =
    pixels === null
      ? []
      : [explicitHeader(PIXEL_TAGS[pixels.vr] ?? PIXEL_DATA, pixels.vr, pixels.length + padding.length)];
  const start = Buffer.concat([meta, head, ...opening]);
  return {
    contentType: `application/dicom; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}`,
    length: start.length + (pixels?.length ?? 0) + padding.length,
    async *bytes() {
      yield start;
      if (pixels !== null) yield* pixels.bytes();
      if (padding.length > 0) yield padding;
    },
  };
}

function decodedPixels(services: DicomwebServices, frames: Frames, frameLength: number, storedVr: string): Pixels {
  const isWhole = PIXEL_TAGS[storedVr] === undefined;
  return {
    vr: isWhole ? (frames.image.bitsAllocated === 8 ? 'OB' : 'OW') : storedVr,
    length: frameLength * frames.count,
    async *bytes() {
      for (let frame = 0; frame < frames.count; frame += 1) {
        const native = await decoded(services, frames, frame);
        if (native?.bytes.length !== frameLength) throw new Error('a frame cannot be decoded like the first one');
        yield native.bytes;
      }
    },
  };
}

async function decoded(services: DicomwebServices, frames: Frames, frame: number) {
  const encoded = await frames.read(frame);
  if (encoded === null) return null;
  const native = await services.nativeFrame(encoded);
  return native.ok ? native.value : null;
}
