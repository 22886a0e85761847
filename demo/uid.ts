import { createHash } from 'node:crypto';

/** A UID under 2.25 (PS3.5 §B.2) that its parts decide completely: the same parts give the same UID. */
export function uidFrom(...parts: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80; // an RFC 9562 version 8 UUID
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${digest.subarray(0, 16).toString('hex')}`)}`;
}
