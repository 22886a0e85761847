import type { Dataset } from '../dataset/dataset.ts';
import { explicitHeader } from '../dataset/encode-explicit.ts';
import { tagOf } from '../dataset/dictionary.ts';
import { text } from '../dataset/values.ts';
import { type DicomRecord, encodeDataset } from '../dataset/write-dataset.ts';
import { writePart10Header } from '../part10.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { directoryKeys, withCharacterSet } from './directory-keys.ts';
import { MEDIA_DIRECTORY, PATIENT, type RecordType, recordTypeOf, SERIES, STUDY } from './record-types.ts';

/** One file of a file-set as its directory lists it. */
export type MediaFile = {
  /** Components of its file ID from the root, each of 1 to 8 characters A-Z, 0-9 and `_` (PS3.10 §8.2, §8.5). */
  readonly fileId: readonly string[];
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** The object's attributes, as the file states them. */
  readonly dataset: Dataset;
};

/** A record of the directory while its place is not known. */
type Entry = { readonly key: string; readonly record: DicomRecord; readonly below: Entry[] };
type Placed = { readonly bytes: Buffer; readonly offset: number };

const MOST_LEVELS = 8;
const ITEM_HEADER_BYTES = 8;
/** Where two values stand in every encoded record: its first and third elements, UL after their eight bytes of header. */
const NEXT_AT = 8;
const LOWER_AT = 30;

/**
 * A DICOMDIR (PS3.10 §8, PS3.3 Annex F) of these files, by patient, study and series in the order given; text in UTF-8.
 * Patients are told apart by number and issuer, those without a number by name. Throws on a file ID that PS3.10 does not allow.
 */
export function writeDicomdir(
  files: readonly MediaFile[],
  fileSet: { readonly id: string; readonly uid: string },
): Buffer {
  const roots = arrange(files);
  const header = writePart10Header({
    sopClassUid: MEDIA_DIRECTORY,
    sopInstanceUid: fileSet.uid,
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
  });
  const leading = (first: number, last: number) =>
    encodeDataset({
      FileSetID: fileSet.id,
      OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity: first,
      OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity: last,
      FileSetConsistencyFlag: 0,
    });
  const sequence = tagOf('DirectoryRecordSequence');
  const start = header.length + leading(0, 0).length + explicitHeader(sequence, 'SQ', 0).length;
  const placed: Placed[] = [];
  const { first, last, end } = place(roots, start, placed);
  return Buffer.concat([
    header,
    leading(first, last),
    explicitHeader(sequence, 'SQ', end - start),
    ...placed.flatMap(({ bytes }) => [itemHeader(bytes.length), bytes]),
  ]);
}

/** The tree of records; of several files the first says what stands in the records above it. */
function arrange(files: readonly MediaFile[]): readonly Entry[] {
  const roots: Entry[] = [];
  const known = new Map<string, Entry>();
  for (const file of files) {
    const { dataset } = file;
    const patient = patientKey(dataset);
    const study = `${patient}\0${text(dataset, 'StudyInstanceUID') ?? ''}`;
    const series = `${study}\0${text(dataset, 'SeriesInstanceUID') ?? ''}`;
    const at = (key: string, type: RecordType, beside: Entry[]): Entry => {
      const there = known.get(key);
      if (there !== undefined) return there;
      const entry = { key, record: recordOf(type, directoryKeys(dataset, type, beside.length + 1)), below: [] };
      known.set(key, entry);
      beside.push(entry);
      return entry;
    };
    const above = at(series, SERIES, at(study, STUDY, at(patient, PATIENT, roots).below).below);
    above.below.push({ key: '', record: fileRecord(file, above.below.length + 1), below: [] });
  }
  return roots;
}

function patientKey(dataset: Dataset): string {
  const id = text(dataset, 'PatientID');
  return id === null ? `\0${text(dataset, 'PatientName') ?? ''}` : `${id}\0${text(dataset, 'IssuerOfPatientID') ?? ''}`;
}

function fileRecord(file: MediaFile, ordinal: number): DicomRecord {
  const { fileId, sopClassUid, sopInstanceUid, transferSyntaxUid } = file;
  const isAllowed =
    fileId.length > 0 && fileId.length <= MOST_LEVELS && fileId.every((one) => /^[A-Z0-9_]{1,8}$/.test(one));
  if (!isAllowed) throw new Error('a file ID has up to eight components of up to eight characters A-Z, 0-9 and _');
  const type = recordTypeOf(sopClassUid);
  return recordOf(type, {
    ReferencedFileID: [...fileId],
    ReferencedSOPClassUIDInFile: sopClassUid,
    ReferencedSOPInstanceUIDInFile: sopInstanceUid,
    ReferencedTransferSyntaxUIDInFile: transferSyntaxUid,
    ...directoryKeys(file.dataset, type, ordinal),
  });
}

function recordOf({ name }: RecordType, keys: DicomRecord): DicomRecord {
  return withCharacterSet({
    OffsetOfTheNextDirectoryRecord: 0,
    RecordInUseFlag: 0xffff,
    OffsetOfReferencedLowerLevelDirectoryEntity: 0,
    DirectoryRecordType: name,
    ...keys,
  });
}

/** Gives every record its place, counted from the start of the file (PS3.3 §F.3.2.2), a record's own files right behind it. */
function place(
  entries: readonly Entry[],
  start: number,
  placed: Placed[],
): { first: number; last: number; end: number } {
  let at = start;
  let before: Placed | null = null;
  let first = 0;
  for (const { record, below } of entries) {
    const bytes = Buffer.from(encodeDataset(record));
    const own: Placed = { bytes, offset: at };
    placed.push(own);
    if (before === null) first = at;
    else before.bytes.writeUInt32LE(at, NEXT_AT);
    before = own;
    at += ITEM_HEADER_BYTES + bytes.length;
    if (below.length === 0) continue;
    const lower = place(below, at, placed);
    bytes.writeUInt32LE(lower.first, LOWER_AT);
    at = lower.end;
  }
  return { first, last: before?.offset ?? 0, end: at };
}

function itemHeader(length: number): Buffer {
  const header = Buffer.alloc(ITEM_HEADER_BYTES);
  header.writeUInt16LE(0xfffe, 0);
  header.writeUInt16LE(0xe000, 2);
  header.writeUInt32LE(length, 4);
  return header;
}
