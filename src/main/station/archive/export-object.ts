import type { MissingReason } from '../../../shared/domain/media.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Dataset } from '../dicom/dataset/dataset.ts';
import { type Tag, tagOf } from '../dicom/dataset/dictionary.ts';
import type { Replacement } from '../dicom/dataset/encode-explicit.ts';
import { findPixelData } from '../dicom/dataset/find-pixel-data.ts';
import { restateObject } from '../dicom/dataset/restated-file.ts';
import { texts } from '../dicom/dataset/values.ts';
import { writePart10Header } from '../dicom/part10.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject, isDamaged, isExpected, type ObjectRecord } from '../platform/objects/records.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { checkObject } from './check-object.ts';
import type { SendablePath, ServedAs } from './find-studies.ts';
import { openBody } from './stored-dataset.ts';

/** An object as a Part-10 file, known to be whole; its attributes are as the file states them. */
export type ExportedObject = {
  readonly transferSyntaxUid: string;
  readonly dataset: Dataset;
  readonly bytes: () => AsyncIterable<Uint8Array>;
};

const PIECE_BYTES = 1024 * 1024;
/** What names the patient besides number and name, and would name the one before. */
const OTHER_NAMES = [
  'IssuerOfPatientIDQualifiersSequence',
  'OtherPatientIDs',
  'OtherPatientIDsSequence',
  'OtherPatientNames',
];

/** Why an object is not to be had, as far as that is known without reading it. */
export function missingReason(db: ReadableDb, digest: string): MissingReason | null {
  const object = findObject(db, digest);
  if (object === null || isDamaged(db, digest)) return 'damaged';
  return isExpected(db, digest, object.encoding) ? null : 'nearline';
}

/**
 * An object read through and found whole, to be written out: its bytes as stored, or, where a person gave it to another patient
 * or study, stating that, with its pixels untouched. Nothing leaves under a patient it was taken from.
 */
export async function exportObject(
  db: ReadableDb,
  objects: ObjectReader,
  path: SendablePath,
): Promise<Result<ExportedObject, { readonly code: MissingReason }>> {
  const known = missingReason(db, path.digest);
  const object = findObject(db, path.digest);
  if (known !== null || object === null) return err({ code: known ?? 'damaged' });
  try {
    if ((await checkObject(objects, object.digest, object.encoding)) !== 'sound') return err({ code: 'damaged' });
    const body = await openBody(objects, object);
    if (body === null) return err({ code: 'damaged' });
    const located = await findPixelData(body, body.transferSyntaxUid);
    if (!located.ok) return err({ code: 'damaged' });
    const { transferSyntaxUid } = body;
    const { dataset } = located.value;
    if (!path.servedAs) return ok({ transferSyntaxUid, dataset, bytes: () => wholeFile(objects, object) });
    const replacements = replacementsOf(dataset, path.servedAs);
    const restated = replacements && restateObject(located.value, transferSyntaxUid, replacements);
    if (restated === null) return err({ code: 'correction-not-writable' });
    const header = writePart10Header({
      sopClassUid: path.sopClassUid,
      sopInstanceUid: path.sopUid,
      transferSyntaxUid: restated.transferSyntaxUid,
    });
    return ok({
      transferSyntaxUid: restated.transferSyntaxUid,
      dataset: restated.dataset,
      async *bytes() {
        yield header;
        yield* restated.bytes();
      },
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return err({ code: 'damaged' });
    throw error;
  }
}

async function* wholeFile(
  objects: ObjectReader,
  { digest, encoding, sizeBytes }: ObjectRecord,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES)
    yield await objects.readRange(digest, encoding, at, Math.min(PIECE_BYTES, sizeBytes - at));
}

/** What the object must state instead; null where its character set cannot spell it. */
function replacementsOf(
  dataset: Dataset,
  { studyUid, seriesUid, patient }: ServedAs,
): ReadonlyMap<Tag, Replacement | null> | null {
  const terms = texts(dataset, 'SpecificCharacterSet');
  const values: (readonly [keyword: string, vr: string, value: string])[] = [
    ['StudyInstanceUID', 'UI', studyUid],
    ['SeriesInstanceUID', 'UI', seriesUid],
    ...(patient === null
      ? []
      : ([
          ['PatientName', 'PN', patient.name],
          ['PatientID', 'LO', patient.mrn ?? ''],
          ['IssuerOfPatientID', 'LO', patient.issuer ?? ''],
          ['PatientBirthDate', 'DA', patient.birthDateRaw ?? ''],
          ['PatientSex', 'CS', patient.sex ?? ''],
        ] as const)),
  ];
  const replacements = new Map<Tag, Replacement | null>();
  for (const [keyword, vr, value] of values) {
    const bytes = spell(value, terms);
    if (bytes === null) return null;
    replacements.set(tagOf(keyword), { vr, bytes });
  }
  if (patient !== null) for (const keyword of OTHER_NAMES) replacements.set(tagOf(keyword), null);
  return replacements;
}

/** Text in the object's own character set; ASCII stands in every one of them (PS3.3 §C.12.1.1.2). */
function spell(value: string, terms: readonly string[]): Buffer | null {
  if (/^[\x20-\x7e]*$/.test(value)) return Buffer.from(value, 'latin1');
  const [only] = terms;
  if (terms.length === 1 && only === 'ISO_IR 192') return Buffer.from(value, 'utf8');
  if (terms.length === 1 && only === 'ISO_IR 100' && /^[\x20-\xff]*$/.test(value)) return Buffer.from(value, 'latin1');
  return null;
}
