import path from 'node:path';

/** How an object's bytes stand on disk: `plain` where they were kept before objects were sealed. */
export type ObjectEncoding = 'plain' | 'aes-256-gcm-chunked-v1';
/** How everything that is kept now stands on disk. */
export const SEALED = 'aes-256-gcm-chunked-v1' satisfies ObjectEncoding;

/** A digest as lower-case hex SHA-256; the only thing a file name is ever made from. */
const DIGEST = /^[0-9a-f]{64}$/;
const SEALED_ENDING = '.gcm1';

/** Where an object stands: one of 256 folders, by the digest's first two digits (decision 0016). */
export function objectPath(root: string, digest: string, encoding: ObjectEncoding): string {
  if (!DIGEST.test(digest)) throw new Error('an object is named by its digest');
  const extension = encoding === 'plain' ? '' : SEALED_ENDING;
  return path.join(root, digest.slice(0, 2), `${digest}${extension}`);
}

/** Which object a file is named for, and how it stands; no encoding where the name is none of an object. */
export function readObjectName(name: string): { readonly digest: string; readonly encoding: ObjectEncoding | null } {
  const isSealed = name.endsWith(SEALED_ENDING);
  const digest = isSealed ? name.slice(0, -SEALED_ENDING.length) : name;
  return { digest, encoding: DIGEST.test(digest) ? (isSealed ? SEALED : 'plain') : null };
}
