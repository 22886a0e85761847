/** How the bytes of one transfer syntax are laid out, and whether this product can turn its pixels into numbers. */
export type TransferSyntax = {
  readonly uid: string;
  readonly name: string;
  readonly vr: 'implicit' | 'explicit';
  readonly byteOrder: 'little' | 'big';
  /** Pixel data stand in fragments (PS3.5 §A.4). */
  readonly isEncapsulated: boolean;
  readonly isDeflated: boolean;
  /** `dicom/pixel` decodes it. Only these are accepted: else a sender would believe an unreadable object safe. */
  readonly isDecodable: boolean;
  /** What a frame on its own is called by DICOMweb (PS3.18 Table 8.7.3-5). */
  readonly frameMediaType: FrameMediaType;
};

/** The media types frames have. */
export type FrameMediaType =
  | 'application/octet-stream'
  | 'image/jpeg'
  | 'image/jls'
  | 'image/jp2'
  | 'image/jphc'
  | 'image/dicom-rle';

const native = {
  vr: 'explicit',
  byteOrder: 'little',
  isEncapsulated: false,
  isDeflated: false,
  isDecodable: true,
  frameMediaType: 'application/octet-stream',
} as const;
const encapsulated = { ...native, isEncapsulated: true };
const jpeg = { ...encapsulated, frameMediaType: 'image/jpeg' } as const;
const jpegLs = { ...encapsulated, frameMediaType: 'image/jls' } as const;
const jpeg2000 = { ...encapsulated, frameMediaType: 'image/jp2' } as const;
const highThroughput = { ...encapsulated, frameMediaType: 'image/jphc' } as const;

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
export const JPEG_EXTENDED = '1.2.840.10008.1.2.4.51';
export const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.57';
export const JPEG_LOSSLESS_FIRST_ORDER = '1.2.840.10008.1.2.4.70';
export const JPEG_LS_LOSSLESS = '1.2.840.10008.1.2.4.80';
export const JPEG_LS_NEAR_LOSSLESS = '1.2.840.10008.1.2.4.81';
export const JPEG_2000_LOSSLESS = '1.2.840.10008.1.2.4.90';
export const JPEG_2000 = '1.2.840.10008.1.2.4.91';
export const HTJ2K_LOSSLESS = '1.2.840.10008.1.2.4.201';
export const HTJ2K_LOSSLESS_RPCL = '1.2.840.10008.1.2.4.202';
export const HTJ2K = '1.2.840.10008.1.2.4.203';
export const RLE_LOSSLESS = '1.2.840.10008.1.2.5';

/**
 * What is accepted, dearest first (PS3.5 Annex A): of several offered in one presentation context the first one here is
 * chosen, so whatever keeps every bit comes before what may lose some. To accept another, add a row here and its decoder to
 * `pixel/decode-frame.ts`.
 */
export const ACCEPTED_TRANSFER_SYNTAXES: readonly TransferSyntax[] = [
  { ...native, uid: EXPLICIT_LITTLE_ENDIAN, name: 'Explicit VR Little Endian' },
  { ...native, uid: IMPLICIT_LITTLE_ENDIAN, name: 'Implicit VR Little Endian', vr: 'implicit' },
  { ...jpeg, uid: JPEG_LOSSLESS_FIRST_ORDER, name: 'JPEG Lossless, First-Order Prediction (Process 14, SV1)' },
  { ...jpeg, uid: JPEG_LOSSLESS, name: 'JPEG Lossless (Process 14)' },
  { ...jpegLs, uid: JPEG_LS_LOSSLESS, name: 'JPEG-LS Lossless' },
  { ...highThroughput, uid: HTJ2K_LOSSLESS_RPCL, name: 'High-Throughput JPEG 2000 with RPCL, Lossless Only' },
  { ...highThroughput, uid: HTJ2K_LOSSLESS, name: 'High-Throughput JPEG 2000, Lossless Only' },
  { ...jpeg2000, uid: JPEG_2000_LOSSLESS, name: 'JPEG 2000, Lossless Only' },
  { ...encapsulated, uid: RLE_LOSSLESS, name: 'RLE Lossless', frameMediaType: 'image/dicom-rle' },
  {
    ...native,
    uid: DEFLATED_EXPLICIT_LITTLE_ENDIAN,
    name: 'Deflated Explicit VR Little Endian',
    isDeflated: true,
  },
  { ...native, uid: EXPLICIT_BIG_ENDIAN, name: 'Explicit VR Big Endian (retired)', byteOrder: 'big' },
  { ...jpeg2000, uid: JPEG_2000, name: 'JPEG 2000' },
  { ...highThroughput, uid: HTJ2K, name: 'High-Throughput JPEG 2000' },
  { ...jpegLs, uid: JPEG_LS_NEAR_LOSSLESS, name: 'JPEG-LS Near-Lossless' },
  { ...jpeg, uid: JPEG_EXTENDED, name: 'JPEG Extended (Process 2 and 4)' },
  { ...jpeg, uid: JPEG_BASELINE, name: 'JPEG Baseline (Process 1)' },
];

const BY_UID = new Map(ACCEPTED_TRANSFER_SYNTAXES.map((syntax) => [syntax.uid, syntax]));

const MAY_HAVE_LOST: ReadonlySet<string> = new Set([
  JPEG_2000,
  HTJ2K,
  JPEG_LS_NEAR_LOSSLESS,
  JPEG_EXTENDED,
  JPEG_BASELINE,
]);

/** Whether a transfer syntax that is decoded here keeps every bit, whatever was encoded in it (PS3.5 Annex A). */
export function isLossless(uid: string): boolean {
  return findTransferSyntax(uid)?.isDecodable === true && !MAY_HAVE_LOST.has(uid);
}

/**
 * The layout of a transfer syntax. One this product does not name is read as every later one is defined: explicit VR
 * little endian with encapsulated pixels (PS3.5 §A.4); null where the text is no DICOM UID at all.
 */
export function findTransferSyntax(uid: string): TransferSyntax | null {
  const known = BY_UID.get(uid);
  if (known) return known;
  if (!/^[0-9.]{1,64}$/.test(uid)) return null;
  return { ...encapsulated, uid, name: 'Unnamed transfer syntax', isDecodable: false };
}
