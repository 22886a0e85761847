import { type FileMeta, writePart10Header } from '../part10.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { lookUpKeyword, type Tag, tagText } from './dictionary.ts';
import { LONG_VRS } from './value-representations.ts';

/**
 * One value, or several, of a keyword: text, numbers, bytes, items of a sequence, or the fragments of encapsulated pixel
 * data. Null and the empty text write an empty element.
 */
export type DicomValue =
  | null
  | string
  | number
  | readonly (string | number)[]
  | Uint8Array
  | Int16Array
  | Uint16Array
  | DicomRecord
  | readonly DicomRecord[]
  | { readonly fragments: readonly Uint8Array[] };

/** A data set by DICOM keyword. A private element stands under its eight hexadecimal digits, with its VR. */
export type DicomRecord = {
  readonly [keyword: string]: DicomValue | { readonly privateVr: string; readonly value: DicomValue };
};

/** A Part-10 file, explicit VR little endian unless its pixels are encapsulated in the syntax named. Throws on a keyword or value that DICOM does not have. */
export function encodeInstance(
  record: DicomRecord,
  options: { readonly transferSyntaxUid?: string; readonly sourceAe?: string } = {},
): Uint8Array {
  const { SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid } = record;
  if (typeof sopClassUid !== 'string' || typeof sopInstanceUid !== 'string') {
    throw new Error('An instance needs SOPClassUID and SOPInstanceUID');
  }
  const meta: FileMeta = {
    sopClassUid,
    sopInstanceUid,
    transferSyntaxUid: options.transferSyntaxUid ?? EXPLICIT_LITTLE_ENDIAN,
    ...(options.sourceAe && { sourceAe: options.sourceAe }),
  };
  return Buffer.concat([writePart10Header(meta), encodeDataset(record)]);
}

/** A data set in little endian, explicit VR unless the implicit syntax is named, its elements in ascending order (PS3.5 §7.1). */
export function encodeDataset(record: DicomRecord, transferSyntaxUid: string = EXPLICIT_LITTLE_ENDIAN): Uint8Array {
  const terms = record.SpecificCharacterSet;
  const setting: Setting = {
    isExplicit: transferSyntaxUid !== IMPLICIT_LITTLE_ENDIAN,
    isSigned: record.PixelRepresentation === 1,
    encoding: terms === 'ISO_IR 192' ? 'utf8' : terms === 'ISO_IR 100' ? 'latin1' : 'ascii',
  };
  return encodeRecord(record, setting);
}

/** What elements inherit from the data set they stand in. */
type Setting = {
  readonly isExplicit: boolean;
  readonly isSigned: boolean;
  readonly encoding: 'ascii' | 'latin1' | 'utf8';
};
type Plain = { readonly tag: Tag; readonly vr: string; readonly value: DicomValue };

const ENCODED_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const PIXEL_DATA: Tag = 0x7fe00010;
const UNDEFINED_LENGTH = 0xffffffff;

function encodeRecord(record: DicomRecord, setting: Setting): Buffer {
  const elements = Object.entries(record).map(([key, value]) => plainElement(key, value, record, setting));
  elements.sort((one, other) => one.tag - other.tag);
  return Buffer.concat(elements.map((element) => encodeElement(element, setting)));
}

function plainElement(key: string, given: DicomRecord[string], record: DicomRecord, setting: Setting): Plain {
  if (/^[0-9A-Fa-f]{8}$/.test(key) && isPrivateValue(given)) {
    return { tag: Number.parseInt(key, 16), vr: given.privateVr, value: given.value };
  }
  const known = lookUpKeyword(key);
  if (known === null || isPrivateValue(given)) throw new Error(`The DICOM dictionary has no ${key}`);
  const isBytePixels = known.tag === PIXEL_DATA && (record.BitsAllocated === 8 || isEncapsulated(given));
  const vr = known.vr === 'xs' ? (setting.isSigned ? 'SS' : 'US') : isBytePixels ? 'OB' : known.vr;
  return { tag: known.tag, vr, value: given };
}

function encodeElement({ tag, vr, value }: Plain, setting: Setting): Buffer {
  if (isEncapsulated(value)) {
    const items = [new Uint8Array(0), ...value.fragments].map((bytes) => item(even(Buffer.from(bytes), 0)));
    return Buffer.concat([header(tag, vr, UNDEFINED_LENGTH, setting), ...items, delimiter(0xe0dd)]);
  }
  const bytes = vr === 'SQ' ? encodeItems(tag, value, setting) : encodeValue(tag, vr, value, setting);
  return Buffer.concat([header(tag, vr, bytes.length, setting), bytes]);
}

function encodeItems(tag: Tag, value: DicomValue, setting: Setting): Buffer {
  const records = value === null ? [] : Array.isArray(value) ? value : [value];
  return Buffer.concat(
    records.map((record) => {
      if (!isRecord(record)) throw new Error(`${tagText(tag)} takes items`);
      return item(encodeRecord(record, setting));
    }),
  );
}

function encodeValue(tag: Tag, vr: string, value: DicomValue, setting: Setting): Buffer {
  if (value === null) return Buffer.alloc(0);
  if (ArrayBuffer.isView(value)) {
    return even(Buffer.from(Buffer.from(value.buffer, value.byteOffset, value.byteLength)), 0);
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const binary = BINARY[vr];
  if (binary) return Buffer.concat(values.map((one) => binary(asNumber(tag, one))));
  const texts = values.map((one) => {
    if (typeof one === 'number') return vr === 'DS' ? decimalText(one) : String(one);
    if (typeof one === 'string') return one;
    throw new Error(`${tagText(tag)} ${vr} takes text or numbers`);
  });
  const text = texts.join('\\');
  const encoding = ENCODED_TEXT.has(vr) ? setting.encoding : 'ascii';
  if (encoding === 'ascii' && /[^\0-\x7f]/.test(text))
    throw new Error(`${tagText(tag)} needs a Specific Character Set`);
  return even(Buffer.from(text, encoding), vr === 'UI' ? 0 : 0x20);
}

const BINARY: Readonly<Record<string, (value: number) => Buffer>> = {
  US: (value) => bytes(2, (view) => view.setUint16(0, value, true)),
  SS: (value) => bytes(2, (view) => view.setInt16(0, value, true)),
  UL: (value) => bytes(4, (view) => view.setUint32(0, value, true)),
  SL: (value) => bytes(4, (view) => view.setInt32(0, value, true)),
  FL: (value) => bytes(4, (view) => view.setFloat32(0, value, true)),
  FD: (value) => bytes(8, (view) => view.setFloat64(0, value, true)),
  AT: (tag) =>
    bytes(4, (view) => {
      view.setUint16(0, tag >>> 16, true);
      view.setUint16(2, tag & 0xffff, true);
    }),
};

function bytes(length: number, fill: (view: DataView) => void): Buffer {
  const buffer = new ArrayBuffer(length);
  fill(new DataView(buffer));
  return Buffer.from(buffer);
}

/** A tag in an AT may be given as eight hexadecimal digits. */
function asNumber(tag: Tag, value: unknown): number {
  const number = typeof value === 'string' && /^[0-9A-Fa-f]{8}$/.test(value) ? Number.parseInt(value, 16) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new Error(`${tagText(tag)} takes numbers`);
}

/** A number as DS: as exact as sixteen characters allow (PS3.5 §6.2). */
function decimalText(value: number): string {
  if (!Number.isFinite(value)) throw new Error('A decimal string is finite');
  let text = String(value);
  for (let digits = 16; text.length > 16; digits -= 1) text = String(Number(value.toPrecision(digits)));
  return text;
}

function header(tag: Tag, vr: string, length: number, { isExplicit }: Setting): Buffer {
  if (!isExplicit) return implicitHeader(tag, length);
  const isLong = LONG_VRS.has(vr);
  if (!isLong && length > 0xffff) throw new Error(`${tagText(tag)} ${vr} is too long`);
  const result = Buffer.alloc(isLong ? 12 : 8);
  result.writeUInt16LE(tag >>> 16, 0);
  result.writeUInt16LE(tag & 0xffff, 2);
  result.write(vr, 4, 'latin1');
  if (isLong) result.writeUInt32LE(length, 8);
  else result.writeUInt16LE(length, 6);
  return result;
}

function implicitHeader(tag: Tag, length: number): Buffer {
  const result = Buffer.alloc(8);
  result.writeUInt16LE(tag >>> 16, 0);
  result.writeUInt16LE(tag & 0xffff, 2);
  result.writeUInt32LE(length, 4);
  return result;
}

function item(content: Buffer): Buffer {
  const result = delimiter(0xe000);
  result.writeUInt32LE(content.length, 4);
  return Buffer.concat([result, content]);
}

function delimiter(element: number): Buffer {
  const result = Buffer.alloc(8);
  result.writeUInt16LE(0xfffe, 0);
  result.writeUInt16LE(element, 2);
  return result;
}

function even(content: Buffer, padding: number): Buffer {
  return content.length % 2 === 0 ? content : Buffer.concat([content, Uint8Array.of(padding)]);
}

function isPrivateValue(
  value: DicomRecord[string],
): value is { readonly privateVr: string; readonly value: DicomValue } {
  return isRecord(value) && 'privateVr' in value;
}

function isEncapsulated(value: DicomRecord[string]): value is { readonly fragments: readonly Uint8Array[] } {
  return isRecord(value) && 'fragments' in value;
}

function isRecord(value: unknown): value is DicomRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
