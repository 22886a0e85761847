import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import { toDicomJson } from '../dicom/dataset/dicom-json.ts';
import { lookUpKeyword } from '../dicom/dataset/dictionary.ts';
import { type ByteRange, findPixelData, type LocatedPixelData } from '../dicom/dataset/find-pixel-data.ts';
import { digestFrame, type DigestFrame } from '../dicom/pixel/digest-frame.ts';
import type { EncodedFrame } from '../dicom/pixel/encoded-frame.ts';
import { openFrames } from '../dicom/pixel/read-frames.ts';
import { findTransferSyntax, isLossless } from '../dicom/transfer-syntaxes.ts';
import { isUnreadable } from '../platform/objects/is-unreadable.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject, type ObjectRecord } from '../platform/objects/records.ts';
import { DamagedObject } from '../platform/objects/sealed-format.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { ThreadsBusy } from '../platform/store/reader-pool.ts';

/** A stored version of an instance. */
export type StoredVersion = { readonly object: ObjectRecord; readonly transferSyntaxUid: string };

/**
 * What a version's pixels are known by. `stored`: their form and a digest of their bytes; of what has none, of its content's attributes.
 * `decoded`: a digest of what the frames hold; null where the form may have lost some of it, or cannot be decoded.
 */
export type PixelDigests = { readonly stored: string; readonly decoded: string | null };

/** What reading pixels takes; `digestFrame` on a thread of its own where there is one. */
export type PixelTools = { readonly objects: ObjectReader; readonly digestFrame?: DigestFrame };

/** An opened version: its attributes, and its pixels when they are asked for. */
export type OpenedVersion = {
  readonly dataset: ReadDataset;
  readonly stored: () => Promise<string>;
  readonly decoded: () => Promise<string | null>;
};

const CHUNK_BYTES = 1024 * 1024;
const NATIVE = 'native';
/** So often threads that are busy are asked for a frame. */
const MOST_ASKED = 10;
const ASK_AGAIN_MS = 100;

/** Opens a version to be compared; reads its head alone. Throws as its reader does, and DamagedObject where it does not parse. */
export async function openVersion(tools: PixelTools, version: StoredVersion): Promise<OpenedVersion> {
  const { transferSyntaxUid } = version;
  const body = bodyOf(tools.objects, version.object);
  const found = await findPixelData(body, transferSyntaxUid);
  if (!found.ok) throw new DamagedObject('object-damaged'); // it parsed when it was filed
  const located = found.value;
  return {
    dataset: located.dataset,
    stored: async () => `${formOf(located, transferSyntaxUid)}:${await digestBytes(located)}`,
    decoded: async () =>
      located.location !== null && isLossless(transferSyntaxUid)
        ? digestFrames(body, transferSyntaxUid, tools.digestFrame ?? digestFrame)
        : null,
  };
}

/** Whether bytes that differ are other pixels whatever they decode to: both stand plainly, in the same order. */
export function arePlainBytes(stored: string): boolean {
  return stored.startsWith(`${NATIVE}:`);
}

/** What the form of pixels is called: the same for all in which the same pixels are the same bytes. */
function formOf({ location }: LocatedPixelData, transferSyntaxUid: string): string {
  if (location === null) return 'attributes';
  const isPlain = location.kind === 'native' && findTransferSyntax(transferSyntaxUid)?.byteOrder === 'little';
  return isPlain ? NATIVE : transferSyntaxUid;
}

async function digestBytes({ dataset, location, source }: LocatedPixelData): Promise<string> {
  const hash = createHash('sha256');
  if (location === null) return hash.update(JSON.stringify(contentOf(dataset))).digest('hex');
  // The offset table says nothing of the pixels, nor where a fragment ends.
  const ranges: readonly ByteRange[] = location.kind === 'native' ? [location] : location.fragments;
  for (const { offset, length } of ranges)
    for (let done = 0; done < length; done += CHUNK_BYTES)
      hash.update(await source.read(offset + done, Math.min(CHUNK_BYTES, length - done)));
  return hash.digest('hex');
}

/** What archives may add or put right in whatever they keep (PS3.4 §B.4.1): whose it is, which order it is of, where it was made. */
const ADMINISTRATIVE: ReadonlySet<string> = new Set(
  [
    ...[
      'SpecificCharacterSet',
      'TimezoneOffsetFromUTC',
      'AccessionNumber',
      'IssuerOfAccessionNumberSequence',
      'StudyID',
    ],
    ...[
      'InstitutionName',
      'InstitutionAddress',
      'InstitutionCodeSequence',
      'InstitutionalDepartmentName',
      'StationName',
    ],
    ...['ReferringPhysicianName', 'ReferringPhysicianIdentificationSequence', 'ReferringPhysicianAddress'],
    ...['ReferringPhysicianTelephoneNumbers', 'PhysiciansOfRecord', 'NameOfPhysiciansReadingStudy', 'OperatorsName'],
    ...['StudyDescription', 'SeriesDescription', 'ProcedureCodeSequence', 'ReferencedStudySequence', 'RetrieveAETitle'],
    ...['InstanceAvailability', 'RequestAttributesSequence', 'PerformedProcedureStepDescription'],
  ].map((keyword) => lookUpKeyword(keyword)?.tag.toString(16).padStart(8, '0').toUpperCase() ?? keyword),
);
/** Patient, order, visit, and what an archive says of its own changes. */
const ADMINISTRATIVE_GROUPS: readonly string[] = ['0010', '0032', '0038', '0400'];

/** The attributes of an object without pixels that say something themselves, by tag. */
function contentOf(dataset: ReadDataset) {
  return Object.entries(toDicomJson(dataset))
    .filter(([tag]) => !ADMINISTRATIVE.has(tag) && !ADMINISTRATIVE_GROUPS.includes(tag.slice(0, 4)))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** One frame after another: memory holds one, however many there are. */
async function digestFrames(
  body: ReturnType<typeof bodyOf>,
  transferSyntaxUid: string,
  digestOf: DigestFrame,
): Promise<string | null> {
  const frames = await openFrames(body, transferSyntaxUid);
  if (!frames.ok) return null;
  const hash = createHash('sha256');
  for (let index = 0; index < frames.value.count; index += 1) {
    const frame = await frames.value.read(index);
    const digest = frame === null ? null : await digestPatiently(frame, digestOf);
    if (digest === null) return null;
    hash.update(digest);
  }
  return hash.digest('hex');
}

/** Waits for threads that have too much to do, and then does it here: what a sender or the disk waits for is not refused. */
async function digestPatiently(frame: EncodedFrame, digestOf: DigestFrame): Promise<string | null> {
  for (let asked = 0; asked < MOST_ASKED; asked += 1) {
    try {
      return await digestOf(frame);
    } catch (error) {
      if (!(error instanceof ThreadsBusy)) throw error;
      await pause(ASK_AGAIN_MS);
    }
  }
  return digestFrame(frame);
}

function bodyOf(objects: ObjectReader, object: ObjectRecord) {
  const { digest, encoding, sizeBytes, bodyOffset } = object;
  const length = sizeBytes - bodyOffset;
  return {
    length,
    read: (offset: number, wanted: number) =>
      objects.readRange(digest, encoding, bodyOffset + offset, Math.max(0, Math.min(wanted, length - offset))),
  };
}

const FIND = 'SELECT stored, decoded FROM pixels_let_go WHERE digest = ?';
const PUT = 'INSERT OR IGNORE INTO pixels_let_go (digest, stored, decoded) VALUES (@digest, @stored, @decoded)';

/** What is known of the pixels of an object that was let go, by its digest; null where nothing is. */
export function findPixelsLetGo(db: ReadableDb, digest: string): PixelDigests | null {
  return prepared<PixelDigests>(db, FIND).get(digest) ?? null;
}

/** Keeps what an object's pixels are known by, before its file leaves. */
export function keepPixelDigests(db: WritableDb, digest: string, pixels: PixelDigests): void {
  prepared(db, PUT).run({ digest, ...pixels });
}

/** What an object's pixels are known by; null where its file cannot be read. Reads all of it; throws where decoding itself fails. */
export async function pixelDigestsOf(
  tools: PixelTools & { readonly db: ReadableDb },
  { digest, transferSyntaxUid }: { readonly digest: string; readonly transferSyntaxUid: string },
): Promise<PixelDigests | null> {
  const known = findPixelsLetGo(tools.db, digest);
  if (known !== null) return known;
  const object = findObject(tools.db, digest);
  if (object === null) return null;
  try {
    const version = await openVersion(tools, { object, transferSyntaxUid });
    return { stored: await version.stored(), decoded: await version.decoded() };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return null; // gone or damaged on disk: there is nothing left to compare with
  }
}
