import { createHash } from 'node:crypto';
import { canonicalPayload } from '../platform/ledger/event.ts';

/**
 * What a model is known by: SHA-256, in hexadecimal, over the RFC 8785 form of its manifest as written, which names its files'
 * digests. A manifest that was edited is another model, with an exposure of its own; a default that a later version of the
 * station fills in otherwise makes no other model of it.
 */
export function packageDigest(written: unknown): string {
  return createHash('sha256').update(canonicalPayload(written)).digest('hex');
}
