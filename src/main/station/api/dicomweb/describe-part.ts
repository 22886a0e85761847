import { zstdCompressSync } from 'node:zlib';
import { headToJson, type MetadataHead } from './metadata-head.ts';

/** Metadata of instances one after another, commas between, compressed; for a thread: it takes 0.2 ms an instance. */
export function describePart(heads: readonly MetadataHead[]): Uint8Array {
  return zstdCompressSync(heads.map((head) => JSON.stringify(headToJson(head))).join(','));
}
