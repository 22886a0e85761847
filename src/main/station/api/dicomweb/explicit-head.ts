import { encodeExplicit, type Replacement } from '../../dicom/dataset/encode-explicit.ts';
import { readDataset } from '../../dicom/dataset/read-dataset.ts';
import { JPEG_BASELINE, JPEG_EXTENDED } from '../../dicom/transfer-syntaxes.ts';

/** A head to be written in explicit VR little endian; `photometricInterpretation` is of the decoded frames, null where none was decoded. */
export type HeadWork = {
  readonly bytes: Uint8Array;
  readonly transferSyntaxUid: string;
  readonly photometricInterpretation: string | null;
};

const PHOTOMETRIC_INTERPRETATION = 0x00280004;
const PLANAR_CONFIGURATION = 0x00280006;
const LOSSY_IMAGE_COMPRESSION = 0x00282110;
const ALWAYS_LOSSY = new Set([JPEG_BASELINE, JPEG_EXTENDED]);
/** Signatures would be wrong, and offset tables are of fragments. */
const DROPPED = [0x7fe00001, 0x7fe00002, 0x4ffe0001, 0xfffafffa];

/** The elements before the pixels in explicit VR little endian, saying how decoded pixels are made; for a thread. Null where they cannot be read. */
export function explicitHead({ bytes, transferSyntaxUid, photometricInterpretation }: HeadWork): Uint8Array | null {
  const read = readDataset(bytes, transferSyntaxUid, { untilPixelData: true, isHead: true });
  if (!read.ok) return null;
  const replacements = new Map<number, Replacement | null>(DROPPED.map((tag) => [tag, null]));
  if (photometricInterpretation !== null) {
    replacements.set(PHOTOMETRIC_INTERPRETATION, { vr: 'CS', bytes: Buffer.from(photometricInterpretation) });
    if (read.value.elements.has(PLANAR_CONFIGURATION))
      replacements.set(PLANAR_CONFIGURATION, { vr: 'US', bytes: Buffer.alloc(2) });
    if (ALWAYS_LOSSY.has(transferSyntaxUid))
      replacements.set(LOSSY_IMAGE_COMPRESSION, { vr: 'CS', bytes: Buffer.from('01') });
  }
  return encodeExplicit(read.value, replacements);
}
