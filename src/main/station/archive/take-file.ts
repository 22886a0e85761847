import type { ImportFileCode } from '../../../shared/domain/media.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { PART10_HEAD_LENGTH } from '../dicom/part10.ts';
import { findStorageClass } from '../dicom/storage-classes.ts';
import { findTransferSyntax } from '../dicom/transfer-syntaxes.ts';
import type { ArchiveAssociation } from './associations.ts';
import { type Archive, receiveObject } from './receive-object.ts';
import { recogniseFile, type RecognisedObject } from './recognise-file.ts';

/** What one imported file came to. A directory or a ZIP is handed back with all its bytes still to be read. */
export type TakenFile =
  | { readonly state: 'stored' | 'duplicate'; readonly studyUid: string | null; readonly sopUid: string }
  | { readonly state: 'quarantined'; readonly reason: QuarantineReason; readonly studyUid: string | null }
  | { readonly state: 'refused'; readonly code: ImportFileCode }
  | { readonly state: 'no-room' }
  | { readonly state: 'directory' | 'zip'; readonly bytes: AsyncIterable<Uint8Array> };

/** Enough to find class, instance and study in the beginning of a data set that has no file header. */
const HEAD_BYTES = 4 * PART10_HEAD_LENGTH;

/** Takes one file on the way of a C-STORE; only what that would take, for the sender is told that it is safe. */
export async function takeFile(
  archive: Archive,
  bytes: AsyncIterable<Uint8Array>,
  association: ArchiveAssociation,
): Promise<TakenFile> {
  const source = bytes[Symbol.asyncIterator]();
  try {
    const head = await readHead(source);
    const file = recogniseFile(head);
    if (file.kind === 'directory' || file.kind === 'zip') return { state: file.kind, bytes: rest(head, source) };
    if (file.kind === 'not-dicom') return { state: 'refused', code: 'not-dicom' };
    return await takeObject(archive, file, rest(head.subarray(file.offset), source), association);
  } catch (error) {
    await source.return?.();
    throw error;
  }
}

async function takeObject(
  archive: Archive,
  file: RecognisedObject,
  body: AsyncIterable<Uint8Array>,
  association: ArchiveAssociation,
): Promise<TakenFile> {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = file;
  if (sopClassUid !== '' && findStorageClass(sopClassUid) === null)
    return { state: 'refused', code: 'sop-class-not-supported' };
  if (findTransferSyntax(transferSyntaxUid)?.isDecodable !== true)
    return { state: 'refused', code: 'transfer-syntax-not-supported' };
  const { became } = await receiveObject(
    archive,
    { sopClassUid, sopInstanceUid, transferSyntaxUid, body },
    association,
  );
  if (became === undefined) return { state: 'no-room' };
  const studyUid = became.studyUid ?? null;
  if (became.state !== 'quarantined')
    return { state: became.state === 'filed' ? 'stored' : 'duplicate', studyUid, sopUid: sopInstanceUid };
  return { state: 'quarantined', reason: became.reason ?? 'unreadable', studyUid };
}

async function readHead(source: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let length = 0; length < HEAD_BYTES; ) {
    const next = await source.next();
    if (next.done === true) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  return Buffer.concat(pieces);
}

async function* rest(head: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const next = await source.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
