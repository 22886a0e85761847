import { zstdCompressSync } from 'node:zlib';
import { holdObjectKeys } from '../../platform/objects/object-keys.ts';
import { type ObjectFolder, readObjectStart } from '../../platform/objects/read-start.ts';
import type { FindKey } from '../../platform/objects/sealed-format.ts';
import { headToJson, type HeadPlace, type MetadataHead } from './metadata-head.ts';

/** Heads of one part in order, each at hand or to be read from the folder. */
export type PartWork = { readonly folder: ObjectFolder; readonly heads: readonly (MetadataHead | HeadPlace)[] };

/** Metadata of instances one after another, commas between, compressed; `isWhole` where each of them could be read. */
export type DescribedPart = { readonly json: Uint8Array; readonly isWhole: boolean };

/** Reads and describes a part; for a thread: it takes 0.3 ms an instance, and reads without letting anything else in between. */
export function describePart({ folder, heads }: PartWork): DescribedPart {
  const { find } = holdObjectKeys(folder.keys);
  let isWhole = true;
  const told = heads.map((one) => {
    const head = 'bytes' in one ? one : readPlaced(folder.root, find, one);
    if (head.bytes.length === 0) isWhole = false;
    return JSON.stringify(headToJson(head));
  });
  return { json: zstdCompressSync(told.join(',')), isWhole };
}

/** An object whose file is gone or damaged is told by its UIDs. */
function readPlaced(root: string, find: FindKey, place: HeadPlace): MetadataHead {
  try {
    return { ...place, bytes: readObjectStart(root, find, place, place.length).subarray(place.bodyOffset) };
  } catch {
    return { ...place, bytes: new Uint8Array(0) };
  }
}
