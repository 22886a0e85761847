import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from './implementation.ts';

/** What a file header says of the object behind it (PS3.10 §7.1). */
export type FileMeta = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** AE title of whoever sent or made the object; absent where nobody did. */
  readonly sourceAe?: string;
};

const PREAMBLE_LENGTH = 128;
const MAGIC = 'DICM';
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
/** Headers are a few hundred bytes; a reader holding this many has the whole of any honest one. */
export const PART10_HEAD_LENGTH = 16 * 1024;

/** A fresh Part-10 header under our own implementation UID: preamble, DICM, group 0002 with its length (PS3.10 §7.1). */
export function writePart10Header(meta: FileMeta): Uint8Array {
  const elements = [
    explicitElement(0x0001, 'OB', Buffer.from([0, 1])),
    uid(0x0002, meta.sopClassUid),
    uid(0x0003, meta.sopInstanceUid),
    uid(0x0010, meta.transferSyntaxUid),
    uid(0x0012, IMPLEMENTATION_CLASS_UID),
    explicitElement(0x0013, 'SH', padded(IMPLEMENTATION_VERSION_NAME, ' ')),
    ...(meta.sourceAe ? [explicitElement(0x0016, 'AE', padded(meta.sourceAe.slice(0, 16), ' '))] : []),
  ];
  const group = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length, 0);
  return Buffer.concat([
    Buffer.alloc(PREAMBLE_LENGTH),
    Buffer.from(MAGIC, 'latin1'),
    explicitElement(0x0000, 'UL', length),
    group,
  ]);
}

/** A Part-10 file's header: what it says, and where the data set begins, in bytes from the start of the file. */
export type Part10Header = FileMeta & { readonly dataSetOffset: number };

/** Why bytes do not begin like a Part-10 file. */
export type Part10Failure = { readonly code: 'not-part-10' | 'malformed-header' | 'no-transfer-syntax' };

/**
 * Reads the header from a file's first bytes. The group length is not believed: elements are walked until the group
 * changes, since real files lie about it. Only a header of our own making ends where it says: the data set that somebody
 * sent behind it may begin with group 0002 too.
 */
export function readPart10Header(head: Uint8Array): Result<Part10Header, Part10Failure> {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  let at = PREAMBLE_LENGTH + MAGIC.length;
  if (bytes.length < at || bytes.toString('latin1', PREAMBLE_LENGTH, at) !== MAGIC) return err({ code: 'not-part-10' });
  const found = new Map<number, string>();
  let statedEnd = 0;
  while (at + 8 <= bytes.length && bytes.readUInt16LE(at) === 0x0002) {
    const vr = bytes.toString('latin1', at + 4, at + 6);
    const isLong = LONG_VRS.has(vr);
    if (!/^[A-Z]{2}$/.test(vr) || (isLong && at + 12 > bytes.length)) return err({ code: 'malformed-header' });
    const start = at + (isLong ? 12 : 8);
    const end = start + (isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6));
    if (end > bytes.length) return err({ code: 'malformed-header' });
    const element = bytes.readUInt16LE(at + 2);
    if (element === 0 && end - start === 4) statedEnd = end + bytes.readUInt32LE(start);
    found.set(element, bytes.toString('latin1', start, end).replace(/[\0 ]+$/, ''));
    at = end;
    if (at === statedEnd && found.get(0x0012) === IMPLEMENTATION_CLASS_UID) break;
  }
  const transferSyntaxUid = found.get(0x0010);
  if (!transferSyntaxUid) return err({ code: 'no-transfer-syntax' });
  const sourceAe = found.get(0x0016);
  return ok({
    sopClassUid: found.get(0x0002) ?? '',
    sopInstanceUid: found.get(0x0003) ?? '',
    transferSyntaxUid,
    ...(sourceAe && { sourceAe }),
    dataSetOffset: at,
  });
}

function uid(element: number, text: string): Buffer {
  return explicitElement(element, 'UI', padded(text, '\0'));
}

function padded(text: string, padding: string): Buffer {
  return Buffer.from(text.length % 2 === 0 ? text : text + padding, 'latin1');
}

function explicitElement(element: number, vr: string, value: Buffer): Buffer {
  const isLong = LONG_VRS.has(vr);
  const header = Buffer.alloc(isLong ? 12 : 8);
  header.writeUInt16LE(0x0002, 0);
  header.writeUInt16LE(element, 2);
  header.write(vr, 4, 'latin1');
  if (isLong) header.writeUInt32LE(value.length, 8);
  else header.writeUInt16LE(value.length, 6);
  return Buffer.concat([header, value]);
}
