import { type DicomJson, toDicomJson } from '../../dicom/dataset/dicom-json.ts';
import { findPixelData, type RangeReader } from '../../dicom/dataset/find-pixel-data.ts';
import { readDataset } from '../../dicom/dataset/read-dataset.ts';
import { unpackFrames } from '../../dicom/frame-index.ts';
import { findTransferSyntax } from '../../dicom/transfer-syntaxes.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { StoredInstance } from './services.ts';
import { dataSetReader } from './stored-bytes.ts';

/** The head of a stored object, up to its pixels, and what its metadata are called by; it may cross to a thread. */
export type MetadataHead = {
  readonly bytes: Uint8Array;
  readonly transferSyntaxUid: string;
  readonly sopClassUid: string;
  readonly sopUid: string;
  readonly studyUid: string;
  readonly seriesUid: string;
};

/** Where the head of a stored object is, for a thread to read: so many bytes from its start, those of its file meta information among them. */
export type HeadPlace = Omit<MetadataHead, 'bytes'> &
  Pick<StoredInstance, 'digest' | 'encoding' | 'bodyOffset'> & { readonly length: number };

/** Stands before every relative BulkDataURI until the address of the series is known; JSON writes it as an escape, in no text of a patient. */
export const ADDRESS_MARK = '\u0001';
/** Binary values longer than this are told by their address. */
const LONGEST_INLINE = 1024;
/** Objects up to this are read whole where it is not known where their pixels begin. */
const READ_WHOLE = 1024 * 1024;
const LONGEST_HEAD = 64 * 1024 * 1024;

/** Where the head of an object is, if that is known without reading any of it; else the head. Rejects where the object cannot be read. */
export async function placeHead(objects: ObjectReader, stored: StoredInstance): Promise<HeadPlace | MetadataHead> {
  const length = knownHeadLength(stored);
  if (length === null) return readHead(objects, stored);
  const { transferSyntaxUid, sopClassUid, sopUid, studyUid, seriesUid, digest, encoding, bodyOffset } = stored;
  return {
    ...{ transferSyntaxUid, sopClassUid, sopUid, studyUid, seriesUid, digest, encoding, bodyOffset },
    length: bodyOffset + Math.min(length, LONGEST_HEAD),
  };
}

/** Reads what the metadata stand in: as little as is known to do. Rejects where the object cannot be read. */
export async function readHead(objects: ObjectReader, stored: StoredInstance): Promise<MetadataHead> {
  const { transferSyntaxUid, sopClassUid, sopUid, studyUid, seriesUid } = stored;
  const bytes = await readStart(dataSetReader(objects, stored), await headLength(objects, stored));
  return { bytes, transferSyntaxUid, sopClassUid, sopUid, studyUid, seriesUid };
}

/** The head of a data set whose pixels have been found, or that has none; all of a deflated one. */
export function readHeadBytes(
  dataSet: RangeReader,
  transferSyntaxUid: string,
  pixels: { readonly offset: number } | null,
): Promise<Uint8Array> {
  const isWhole = pixels === null || findTransferSyntax(transferSyntaxUid)?.isDeflated === true;
  return readStart(dataSet, isWhole ? dataSet.length : pixels.offset);
}

/** A copy of its own: a view would take all it is a view of across to the thread. */
async function readStart(reader: RangeReader, length: number): Promise<Uint8Array> {
  return new Uint8Array(await reader.read(0, Math.min(reader.length, length, LONGEST_HEAD)));
}

/** Bytes of the data set up to its pixels, or all of a small or deflated one; null where they have to be found. */
function knownHeadLength(stored: StoredInstance): number | null {
  const [first] = stored.frameIndex === null ? [] : unpackFrames(stored.frameIndex);
  if (first?.[0] !== undefined) return first[0].offset;
  const length = stored.sizeBytes - stored.bodyOffset;
  return length <= READ_WHOLE || findTransferSyntax(stored.transferSyntaxUid)?.isDeflated === true ? length : null;
}

async function headLength(objects: ObjectReader, stored: StoredInstance): Promise<number> {
  const known = knownHeadLength(stored);
  if (known !== null) return known;
  const reader = dataSetReader(objects, stored);
  const found = await findPixelData(reader, stored.transferSyntaxUid);
  const position = found.ok ? found.value.dataset.pixelData : null;
  return position === null || position === undefined ? reader.length : position.offset;
}

/**
 * One instance's attributes without its pixels (PS3.18 §10.4.1.1.2, Annex F): pixels and long binary values by addresses
 * that begin with the mark and the SOP Instance UID. Of an object that cannot be read, its UIDs, so that it is not missed.
 */
export function headToJson(head: MetadataHead): DicomJson {
  const read = readDataset(head.bytes, head.transferSyntaxUid, { untilPixelData: true, isHead: true });
  if (!read.ok || head.bytes.length === 0) return uidsOf(head);
  const address = `${ADDRESS_MARK}${head.sopUid}`;
  const { buffer, byteOffset, length } = head.bytes;
  return toDicomJson(read.value, {
    pixelDataUri: `${address}/pixeldata`,
    bulkUri({ bytes }) {
      // Inflated bytes are none of the file's, and big-endian ones are not what bulk data are made of.
      const at = bytes.byteOffset - byteOffset;
      const isInPlace = bytes.buffer === buffer && at >= 0 && at + bytes.length <= length && read.value.isLittleEndian;
      return bytes.length > LONGEST_INLINE && isInPlace ? `${address}/bulkdata/${at}-${bytes.length}` : null;
    },
  });
}

/** Metadata as they are answered: every address is told from the instances of its series. */
export function withAddresses(json: string, instancesUrl: string): string {
  return json.replaceAll(`"BulkDataURI":"\\u0001`, `"BulkDataURI":${JSON.stringify(`${instancesUrl}/`).slice(0, -1)}`);
}

function uidsOf({ sopClassUid, sopUid, studyUid, seriesUid }: MetadataHead): DicomJson {
  return {
    '00080016': { vr: 'UI', Value: [sopClassUid] },
    '00080018': { vr: 'UI', Value: [sopUid] },
    '0020000D': { vr: 'UI', Value: [studyUid] },
    '0020000E': { vr: 'UI', Value: [seriesUid] },
  };
}
