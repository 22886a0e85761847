import { createPublicKey, type KeyObject } from 'node:crypto';

/** An Ed25519 public key, as PEM or as its 32 bytes in base64; null where it is neither. */
export function readPublicKey(text: string): KeyObject | null {
  try {
    const key = text.includes('-----')
      ? createPublicKey(text)
      : createPublicKey({
          key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(text, 'base64').toString('base64url') },
          format: 'jwk',
        });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null; // not a key: whoever asked says what was expected
  }
}
