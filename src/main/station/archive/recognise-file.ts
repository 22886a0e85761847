import { text } from '../dicom/dataset/values.ts';
import { readDataset } from '../dicom/dataset/read-dataset.ts';
import { MEDIA_DIRECTORY } from '../dicom/media/record-types.ts';
import { readPart10Header } from '../dicom/part10.ts';
import {
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  findTransferSyntax,
  IMPLICIT_LITTLE_ENDIAN,
} from '../dicom/transfer-syntaxes.ts';

/** What a file is, by its first bytes; `offset` is where its data set begins. */
export type RecognisedFile =
  | RecognisedObject
  | { readonly kind: 'directory' }
  | { readonly kind: 'zip' }
  | { readonly kind: 'not-dicom' };

/** A DICOM object, as far as it tells of itself; UIDs it does not tell are empty. */
export type RecognisedObject = {
  readonly kind: 'object';
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly offset: number;
};

const ZIP_BEGINNINGS = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'];
const PREAMBLE = 132;
const UID = /^[0-9.]{1,64}$/;
const RAW_SYNTAXES = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN];

/**
 * Recognises a Part-10 file, one whose preamble was left out, a data set without any file header (of which class, instance and
 * study must be told by its beginning), a DICOMDIR or a ZIP.
 */
export function recogniseFile(head: Buffer): RecognisedFile {
  if (ZIP_BEGINNINGS.includes(head.toString('latin1', 0, 4))) return { kind: 'zip' };
  const isHeaded = head.toString('latin1', PREAMBLE - 4, PREAMBLE) === 'DICM';
  if (isHeaded) return ofPart10(head, 0);
  const group = head.length < 8 ? -1 : head.readUInt16LE(0);
  if (group === 0x0002)
    return ofPart10(Buffer.concat([Buffer.alloc(PREAMBLE - 4), Buffer.from('DICM'), head]), PREAMBLE);
  if (group === 0x0008 || group === 0x0800) {
    for (const transferSyntaxUid of RAW_SYNTAXES) {
      const uids = uidsOf(head, transferSyntaxUid);
      if (uids !== null) return { kind: 'object', ...uids, transferSyntaxUid, offset: 0 };
    }
  }
  return { kind: 'not-dicom' };
}

function ofPart10(bytes: Buffer, added: number): RecognisedFile {
  const header = readPart10Header(bytes);
  // It says that it is DICOM: whoever looks at the quarantine may see what is wrong with it.
  if (!header.ok && added > 0) return { kind: 'not-dicom' };
  if (!header.ok)
    return {
      kind: 'object',
      sopClassUid: '',
      sopInstanceUid: '',
      transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN,
      offset: 0,
    };
  const { transferSyntaxUid, dataSetOffset } = header.value;
  const own = uidsOf(bytes.subarray(dataSetOffset), transferSyntaxUid);
  const sopClassUid = header.value.sopClassUid || (own?.sopClassUid ?? '');
  if (sopClassUid === MEDIA_DIRECTORY) return { kind: 'directory' };
  const sopInstanceUid = header.value.sopInstanceUid || (own?.sopInstanceUid ?? '');
  return { kind: 'object', sopClassUid, sopInstanceUid, transferSyntaxUid, offset: dataSetOffset - added };
}

function uidsOf(
  head: Buffer,
  transferSyntaxUid: string,
): { readonly sopClassUid: string; readonly sopInstanceUid: string } | null {
  if (findTransferSyntax(transferSyntaxUid)?.isDeflated === true) return null;
  const read = readDataset(head, transferSyntaxUid, { isHead: true, untilPixelData: true });
  if (!read.ok) return null;
  const of = (keyword: string) => text(read.value, keyword) ?? '';
  const [sopClassUid, sopInstanceUid] = [of('SOPClassUID'), of('SOPInstanceUID')];
  const isPlausible = [sopClassUid, sopInstanceUid, of('StudyInstanceUID')].every((uid) => UID.test(uid));
  return isPlausible ? { sopClassUid, sopInstanceUid } : null;
}
