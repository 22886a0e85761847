import { createHash } from 'node:crypto';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';

/**
 * What a model is known by: SHA-256, in hexadecimal, over the RFC 8785 form of its manifest, which names its file's digest.
 * A manifest that was edited is another model, with an exposure of its own.
 */
export function packageDigest(manifest: ModelManifest): string {
  return createHash('sha256').update(canonicalPayload(manifest)).digest('hex');
}
