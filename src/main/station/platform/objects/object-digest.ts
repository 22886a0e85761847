import type { Hash } from 'node:crypto';

/** Digest of what an object means: its transfer syntax and data-set bytes, not the file meta header around them. */
export function startObjectDigest(hash: Hash, transferSyntaxUid: string): Hash {
  return hash.update(transferSyntaxUid).update('\0');
}
