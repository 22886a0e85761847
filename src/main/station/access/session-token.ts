import { createHash, randomBytes } from 'node:crypto';

/** A fresh opaque token: 32 random bytes, base64url. Only its digest is kept. */
export function freshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 of a token: what the database knows of it. */
export function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
