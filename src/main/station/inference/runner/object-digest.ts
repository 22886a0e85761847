import { createHash } from 'node:crypto';
import { readPart10Header } from '../../dicom/part10.ts';
import { startObjectDigest } from '../../platform/objects/object-store.ts';

/** The digest a stored Part-10 file was filed by when it was received; null where it has no readable header any more. */
export function objectDigest(file: Uint8Array): string | null {
  const header = readPart10Header(file);
  if (!header.ok) return null;
  const hash = startObjectDigest(createHash('sha256'), header.value.transferSyntaxUid);
  return hash.update(file.subarray(header.value.dataSetOffset)).digest('hex');
}
