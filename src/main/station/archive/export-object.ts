import type { MissingReason } from '../../../shared/domain/media.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Dataset } from '../dicom/dataset/dataset.ts';
import { findPixelData } from '../dicom/dataset/find-pixel-data.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import { findObject, isDamaged, isExpected } from '../platform/objects/records.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { checkObject } from './check-object.ts';
import type { SendablePath } from './find-studies.ts';
import { openForSending, piecesOf } from './open-for-sending.ts';

/** An object as a Part-10 file, known to be whole; its attributes are as the file states them. */
export type ExportedObject = {
  readonly dataset: Dataset;
  readonly bytes: () => AsyncIterable<Uint8Array>;
};

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
    const leaving = await openForSending({ db, objects }, path, object, 'medium');
    if (!leaving.ok) return leaving;
    const { file, dataSet } = leaving.value;
    const located = await findPixelData(dataSet, path.transferSyntaxUid);
    if (!located.ok) return err({ code: 'damaged' });
    return ok({ dataset: located.value.dataset, bytes: () => piecesOf(file) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return err({ code: 'damaged' });
    throw error;
  }
}
