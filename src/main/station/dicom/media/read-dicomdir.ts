import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { Dataset, DatasetFailure } from '../dataset/dataset.ts';
import { readDatasetInTurns } from '../dataset/read-dataset.ts';
import { findElement, elementTexts, number, text } from '../dataset/values.ts';
import { readPart10Header } from '../part10.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';

/** A file that a directory lists, as the directory says; null where it does not. */
export type ListedFile = {
  readonly fileId: readonly string[];
  readonly recordType: string;
  readonly sopClassUid: string | null;
  readonly sopInstanceUid: string | null;
};

/** Why bytes are no directory. */
export type DirectoryFailure = { readonly code: DatasetFailure['code'] | 'not-a-directory' };

const INACTIVE = 0;

/**
 * The files a DICOMDIR lists (PS3.3 Annex F), in the order they stand. Every record is looked at, whatever the offsets
 * between them say: media with wrong ones are common. Records that are marked as not in use are passed over.
 */
export async function readDicomdir(bytes: Uint8Array): Promise<Result<readonly ListedFile[], DirectoryFailure>> {
  const header = readPart10Header(bytes);
  const { transferSyntaxUid, dataSetOffset } = header.ok
    ? header.value
    : { transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, dataSetOffset: 0 };
  const read = await readDatasetInTurns(bytes.subarray(dataSetOffset), transferSyntaxUid);
  if (!read.ok) return read;
  const records = findElement(read.value, 'DirectoryRecordSequence')?.items ?? null;
  if (records === null) return err({ code: 'not-a-directory' });
  return ok(records.flatMap(listedFile));
}

function listedFile(record: Dataset): readonly ListedFile[] {
  const element = findElement(record, 'ReferencedFileID');
  if (element === null || element.items !== null || number(record, 'RecordInUseFlag') === INACTIVE) return [];
  const fileId = elementTexts(element, record)
    .flatMap((one) => one.split('/'))
    .filter((one) => one !== '');
  if (fileId.length === 0) return [];
  return [
    {
      fileId,
      recordType: text(record, 'DirectoryRecordType') ?? '',
      sopClassUid: text(record, 'ReferencedSOPClassUIDInFile'),
      sopInstanceUid: text(record, 'ReferencedSOPInstanceUIDInFile'),
    },
  ];
}

/**
 * What a path and a file ID must share to be of one file: either separator, any case, and without the version number or the
 * bare dot that ISO 9660 puts behind names.
 */
export function fileIdKey(path: string | readonly string[]): string {
  const steps = typeof path === 'string' ? path.split(/[\\/]+/) : path;
  return steps
    .filter((step) => step !== '' && step !== '.')
    .map((step) => step.toUpperCase().replace(/\.?(?:;\d+)?$/, ''))
    .join('/');
}
