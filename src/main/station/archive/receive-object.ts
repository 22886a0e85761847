import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { describeInstance, type InstanceDescription } from '../dicom/dataset/describe-instance.ts';
import { findPixelData } from '../dicom/dataset/find-pixel-data.ts';
import type { DimseStatus } from '../dicom/dimse/status.ts';
import { packFrames } from '../dicom/frame-index.ts';
import { frameRanges } from '../dicom/frames.ts';
import type { DigestFrame } from '../dicom/pixel/digest-frame.ts';
import { PART10_HEAD_LENGTH, readPart10Header, writePart10Header } from '../dicom/part10.ts';
import { findTransferSyntax } from '../dicom/transfer-syntaxes.ts';
import type { Clock } from '../platform/clock.ts';
import { type ArrivingObject, writeWhileArriving } from '../platform/objects/arriving-objects.ts';
import { type IncomingFile, type ObjectStore, SEALED } from '../platform/objects/object-store.ts';
import { findSound, isDamaged, type ObjectRecord } from '../platform/objects/records.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import type { ArchiveAssociation } from './associations.ts';
import { checkLost } from './check-arriving.ts';
import { checkObject } from './check-object.ts';
import type { QuietTimes } from './completeness.ts';
import type { Filing, SettledFiling } from './filing.ts';
import { fileTogether } from './file-together.ts';
import { isIdentified } from './identified-instance.ts';
import { healObject, listHolders, type ObjectHolder } from './integrity.ts';
import { quarantineObject } from './quarantine.ts';
import { compareVersions } from './same-pixels.ts';

/** What receiving needs of the station. */
export type Archive = {
  readonly db: WritableDb;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly quiet: QuietTimes;
  /** Below this much free disk objects are refused. */
  readonly fullBytes: number;
  /** Digests what a frame holds, on a computing thread; left out, on this one. */
  readonly digestFrame?: DigestFrame;
  /** Told of an object that is found unreadable while another is compared with it. */
  readonly suspect?: (digest: string) => void;
  /** Who counts on an object that did not reach the disk, asked of the reader threads; left out, on this one. */
  readonly findHolders?: (digests: readonly string[]) => Promise<readonly ObjectHolder[]>;
};

/** An object as the protocol hands it over; UIDs are the command's, the body is the data set alone. */
export type Arrival = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** The only study it may belong to, where the sender named one. */
  readonly studyUid?: string;
  /** AE title of the C-MOVE that it answers, where there is one. */
  readonly moveOriginatorAe?: string | null;
  /** A piece need not be there any more once the next was asked for. */
  readonly body: AsyncIterable<Uint8Array>;
};

/** The answer owed to the sender (DESIGN §5.1), and for whoever else asks what became of an object that came whole. */
export type ReceiveAnswer = {
  readonly status: DimseStatus;
  readonly errorComment?: string;
  readonly became?: Became;
};
/** What became of an object, and the study it names where it is identified. */
export type Became = {
  readonly state: 'filed' | 'duplicate' | 'quarantined';
  readonly reason?: QuarantineReason;
  readonly studyUid?: string;
};

/** An object that has come whole, and the beginning of its data set. */
type Streamed = Pick<ObjectRecord, 'sizeBytes' | 'bodyOffset'> & { readonly file: IncomingFile; readonly head: Buffer };
/** What an object says of itself and where its frames are, or null where it cannot be read whole. */
type ReadInstance = { readonly instance: InstanceDescription; readonly frameIndex: Uint8Array | null } | null;

/** An object longer than this is asked about room again each time it has grown by so much. */
const BYTES_BETWEEN_LOOKS = 16 * 1024 * 1024;
/** So much of a data set's beginning stays in memory until it is read: an ordinary header is never read back. */
const HEAD_BYTES = 64 * 1024;
const NO_ROOM: ReceiveAnswer = { status: 'out-of-resources', errorComment: 'no room, try again later' };

/**
 * Receives one object: streamed to a file and digested as it passes, filed in one transaction, answered once file and rows are
 * on the disk. A stream that ends early, or a disk that fills, leaves nothing behind; an object whose rows are written as its
 * file turns out not to reach the disk is reported as damaged, and its sender is refused.
 */
export async function receiveObject(
  archive: Archive,
  arrival: Arrival,
  association: ArchiveAssociation,
): Promise<ReceiveAnswer> {
  let file: IncomingFile | null = null;
  try {
    if (!(await hasRoom(archive))) return NO_ROOM;
    const header = writePart10Header(arrival);
    file = await archive.objects.receive({ header, transferSyntaxUid: arrival.transferSyntaxUid });
    const head = await streamToFile(archive, file, arrival);
    if (head === null) return NO_ROOM;
    const { sizeBytes } = file;
    const bodyOffset = header.byteLength;
    // It is kept, whatever is in it, while its beginning is read; neither is left while the other goes on.
    const [object, read] = await bothOf(
      keep(archive, file, { encoding: SEALED, sizeBytes, bodyOffset }),
      readInstance({ file, sizeBytes, bodyOffset, head }, arrival.transferSyntaxUid),
    );
    // Its rows are written while the disk takes its file: each waits for the disk once, side by side.
    const answer = await writeWhileArriving(archive.db, object, () =>
      decide(archive, arrival, association, object.record, read),
    );
    await durable(archive.db);
    return answer;
  } catch (error) {
    if (isOutOfRoom(error)) return NO_ROOM;
    throw error;
  } finally {
    await file?.discard();
  }
}

async function hasRoom({ objects, fullBytes }: Archive): Promise<boolean> {
  return (await objects.free()).freeBytes >= fullBytes;
}

/** How the data set begins, once all of it is in the file; or null when the reserve of free disk was reached on the way. */
async function streamToFile(archive: Archive, file: IncomingFile, arrival: Arrival): Promise<Buffer | null> {
  const head: Uint8Array[] = [];
  let headBytes = 0;
  let nextLook = BYTES_BETWEEN_LOOKS;
  for await (const chunk of arrival.body) {
    if (headBytes < HEAD_BYTES) {
      head.push(Buffer.from(chunk));
      headBytes += chunk.byteLength;
    }
    await file.write(chunk);
    if (file.sizeBytes < nextLook) continue;
    if (!(await hasRoom(archive))) return null;
    nextLook = file.sizeBytes + BYTES_BETWEEN_LOOKS;
  }
  return Buffer.concat(head);
}

async function decide(
  archive: Archive,
  arrival: Arrival,
  association: ArchiveAssociation,
  object: ObjectRecord,
  read: ReadInstance,
): Promise<ReceiveAnswer> {
  if (isDamaged(archive.db, object.digest))
    healObject(archive.db, object, { kind: 'peer', id: association.peer.peerId }, archive.clock.nowMs());
  const setAside = (reason: QuarantineReason, sopUid: string | null): Pick<ReceiveAnswer, 'became'> => {
    quarantineObject(archive.db, { object, reason, sopUid, studyId: null, association, atMs: archive.clock.nowMs() });
    return { became: { state: 'quarantined', reason } };
  };
  if (read === null)
    return { status: 'cannot-understand', errorComment: 'data set is unreadable', ...setAside('unreadable', null) };
  const { instance, frameIndex } = read;
  if (!isIdentified(instance)) {
    const became = setAside('identifiers-missing', instance.sopUid);
    return { status: 'data-set-does-not-match', errorComment: 'study, series or SOP UID is missing', ...became };
  }
  if (instance.sopUid !== arrival.sopInstanceUid || instance.sopClassUid !== arrival.sopClassUid) {
    const became = setAside('uids-disagree-with-command', instance.sopUid);
    return { status: 'data-set-does-not-match', errorComment: 'SOP class or instance UID differs', ...became };
  }
  if (arrival.studyUid !== undefined && instance.studyUid !== arrival.studyUid) {
    const became = setAside('uids-disagree-with-command', instance.sopUid);
    return { status: 'data-set-does-not-match', errorComment: 'study instance UID differs', ...became };
  }
  const { transferSyntaxUid, moveOriginatorAe = null } = arrival;
  const { quiet } = archive;
  const by = { association, moveOriginatorAe };
  const filed = await fileReadable(archive, { instance, frameIndex, transferSyntaxUid, object, ...by, quiet });
  if (filed.state === 'does-not-apply') return { status: 'success' };
  return { status: 'success', became: { ...filed, studyUid: instance.studyUid } };
}

/** Files the instance; where one of that UID is here already, its pixels are compared first, outside the transaction. */
export async function fileReadable(
  archive: Archive,
  what: Omit<Filing, 'comparison' | 'atMs'>,
): Promise<SettledFiling> {
  const { clock, db } = archive;
  const { object, transferSyntaxUid } = what;
  const filing = (comparison: Filing['comparison']): Filing => ({ ...what, comparison, atMs: clock.nowMs() });
  let outcome = await fileTogether(db, filing(null));
  while (outcome.state === 'compare-pixels') {
    const compared = await compareVersions(archive, outcome.current, { object, transferSyntaxUid });
    outcome = await fileTogether(db, filing({ withDigest: outcome.current.object.digest, ...compared }));
  }
  return outcome;
}

/** Both, neither of which is left while the other goes on; rejects as the first of them that did. */
async function bothOf<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/** Gives an object its name, while its file goes to the disk. */
async function keep(
  archive: Archive,
  file: IncomingFile,
  about: Omit<ObjectRecord, 'digest'>,
): Promise<ArrivingObject & { readonly record: ObjectRecord }> {
  const { objects } = archive;
  // A sender that sends again may hold the only good copy of a damaged one.
  const isWhole = async (digest: string) => (await checkObject(objects, digest, about.encoding)) === 'sound';
  const { outcome, digest, onDisk } = await file.keepDigested(isWhole);
  const record = { ...about, digest };
  const arriving = { digest, onDisk, lookAtLost: () => lookAtLost(archive, digest) };
  if (outcome === 'kept') {
    // Rows that name a plain file, which is whole, come to name this one: not before the disk has it.
    if (findSound(archive.db, digest)?.encoding === 'plain') await onDisk;
    return { record, ...arriving };
  }
  // An earlier file of the same digest stays, and its header may be longer or shorter than ours.
  const header = readPart10Header(await objects.readRange(digest, about.encoding, 0, PART10_HEAD_LENGTH));
  if (!header.ok) throw new Error('a stored object has no readable header');
  const sizeBytes = await objects.sizeBytes(digest, about.encoding);
  return { record: { ...record, bodyOffset: header.value.dataSetOffset, sizeBytes }, ...arriving };
}

async function lookAtLost(archive: Archive, digest: string): Promise<void> {
  const { db, suspect, findHolders = async (digests) => listHolders(db, digests) } = archive;
  try {
    await checkLost({ ...archive, findHolders }, digest);
  } catch (error) {
    suspect?.(digest);
    throw error;
  }
}

/** Null for a header that does not parse, or pixels cut short. */
async function readInstance(
  { file, sizeBytes, bodyOffset, head }: Streamed,
  transferSyntaxUid: string,
): Promise<ReadInstance> {
  const length = sizeBytes - bodyOffset;
  const read = (offset: number, bytes: number) =>
    offset + bytes <= head.length ? head.subarray(offset, offset + bytes) : file.readRange(bodyOffset + offset, bytes);
  return readArrived({ length, read }, transferSyntaxUid);
}

/** The same of a data set wherever it is. */
export async function readArrived(
  reader: Parameters<typeof findPixelData>[0],
  transferSyntaxUid: string,
): Promise<ReadInstance> {
  const located = await findPixelData(reader, transferSyntaxUid);
  if (!located.ok) return null;
  const { dataset, location } = located.value;
  const instance = describeInstance(dataset);
  // Places within a deflated data set are none in the file.
  const isInPlace = location !== null && findTransferSyntax(transferSyntaxUid)?.isDeflated !== true;
  const frames = isInPlace ? frameRanges(location, instance.image) : null;
  return { instance, frameIndex: frames?.ok ? packFrames(frames.value) : null };
}
