import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { correctDataset } from '../dicom/dataset/correct-dataset.ts';
import type { RangeReader } from '../dicom/dataset/find-pixel-data.ts';
import { joinReaders, partOf } from '../dicom/dataset/range-readers.ts';
import { PART10_HEAD_LENGTH, readPart10Header } from '../dicom/part10.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { SendablePath, ServedAs } from './find-studies.ts';

/** A stored object as it leaves the station: as a Part-10 file, and the data set in it. Ranges are read as they are asked for. */
export type LeavingObject = { readonly file: RangeReader; readonly dataSet: RangeReader };

/** Who takes an object: another system, which can follow what was corrected, or whoever holds a medium, who must not read of another patient. */
export type Taker = 'system' | 'medium';

/** Walks the unique index of instances. */
export const FIND_PLACE = `
  SELECT s.study_uid AS studyUid, x.series_uid AS seriesUid FROM studies s JOIN instances i ON i.site_id = s.site_id AND i.sop_uid = @sopUid
    JOIN series x ON x.series_id = i.series_id WHERE s.study_id = @studyId AND i.study_id = s.study_id
`;

/**
 * Opens an object for whoever takes it out of the station: the bytes as stored, or, where people corrected whose it is, a copy
 * that says so, its pixels untouched. Everything that leaves leaves through here (docs/decisions/0027), save what is in
 * quarantine. Fails where the correction cannot be written into it: then it does not leave. Reading rejects as the store does.
 */
export async function openForSending(
  tools: { readonly db: ReadableDb; readonly objects: ObjectReader },
  path: Pick<SendablePath, 'studyId' | 'transferSyntaxUid' | 'servedAs'>,
  object: ObjectRecord,
  taker: Taker,
): Promise<Result<LeavingObject, { readonly code: 'correction-not-writable' }>> {
  const { digest, encoding, sizeBytes, bodyOffset } = object;
  const file: RangeReader = {
    length: sizeBytes,
    read: (offset, length) =>
      tools.objects.readRange(digest, encoding, offset, Math.max(0, Math.min(length, sizeBytes - offset))),
  };
  const stored = partOf(file, bodyOffset);
  const { servedAs = null, studyId } = path;
  if (servedAs === null) return ok({ file, dataSet: stored });
  const header = readPart10Header(await file.read(0, PART10_HEAD_LENGTH));
  const sourceAe = (header.ok ? header.value.sourceAe : null) ?? '';
  const tellsBefore = taker === 'system';
  const identity = { ...identityOf(servedAs), sourceAe, tellsBefore, placeOf: placesOf(tools.db, studyId) };
  const corrected = await correctDataset(stored, path.transferSyntaxUid, identity);
  if (!corrected.ok) return err({ code: 'correction-not-writable' });
  return ok({ file: joinReaders([partOf(file, 0, bodyOffset), corrected.value]), dataSet: corrected.value });
}

const PIECE_BYTES = 1024 * 1024;

/** What a reader reads, from its first byte to its last, in pieces read as they are asked for. */
export async function* piecesOf(reader: RangeReader): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < reader.length; at += PIECE_BYTES)
    yield await reader.read(at, Math.min(PIECE_BYTES, reader.length - at));
}

function identityOf({ studyUid, seriesUid, patient, isWithoutOrder, correctedAtMs, because }: ServedAs) {
  const reason = because === 'patients-merged' ? 'COERCE' : 'CORRECT';
  return { studyUid, seriesUid, patient, isWithoutOrder, correctedAtMs, reason } as const;
}

function placesOf(db: ReadableDb, studyId: string) {
  return (sopUid: string) =>
    prepared<{ studyUid: string; seriesUid: string }>(db, FIND_PLACE).get({ sopUid, studyId }) ?? null;
}
