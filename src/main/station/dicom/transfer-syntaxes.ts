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
};

const native = { byteOrder: 'little', isEncapsulated: false, isDeflated: false, isDecodable: true } as const;

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.57';
export const JPEG_LOSSLESS_FIRST_ORDER = '1.2.840.10008.1.2.4.70';

/**
 * What is accepted, dearest first (PS3.5 Annex A): of several offered in one presentation context the first one here is
 * chosen. To accept another, add a row here and its decoder to `pixel/decode-frame.ts`.
 */
export const ACCEPTED_TRANSFER_SYNTAXES: readonly TransferSyntax[] = [
  { ...native, uid: EXPLICIT_LITTLE_ENDIAN, name: 'Explicit VR Little Endian', vr: 'explicit' },
  { ...native, uid: IMPLICIT_LITTLE_ENDIAN, name: 'Implicit VR Little Endian', vr: 'implicit' },
  {
    ...native,
    uid: JPEG_LOSSLESS_FIRST_ORDER,
    name: 'JPEG Lossless, First-Order Prediction (Process 14, SV1)',
    vr: 'explicit',
    isEncapsulated: true,
  },
  { ...native, uid: JPEG_LOSSLESS, name: 'JPEG Lossless (Process 14)', vr: 'explicit', isEncapsulated: true },
];

const UNDECODED: readonly TransferSyntax[] = [
  {
    ...native,
    uid: DEFLATED_EXPLICIT_LITTLE_ENDIAN,
    name: 'Deflated Explicit VR Little Endian',
    vr: 'explicit',
    isDeflated: true,
    isDecodable: false,
  },
  {
    ...native,
    uid: EXPLICIT_BIG_ENDIAN,
    name: 'Explicit VR Big Endian (retired)',
    vr: 'explicit',
    byteOrder: 'big',
    isDecodable: false,
  },
];

const BY_UID = new Map([...ACCEPTED_TRANSFER_SYNTAXES, ...UNDECODED].map((syntax) => [syntax.uid, syntax]));

/**
 * The layout of a transfer syntax. One this product does not name is read as every later one is defined: explicit VR
 * little endian with encapsulated pixels (PS3.5 §A.4); null where the text is no DICOM UID at all.
 */
export function findTransferSyntax(uid: string): TransferSyntax | null {
  const known = BY_UID.get(uid);
  if (known) return known;
  if (!/^[0-9.]{1,64}$/.test(uid)) return null;
  return { ...native, uid, name: 'Unnamed transfer syntax', vr: 'explicit', isEncapsulated: true, isDecodable: false };
}
