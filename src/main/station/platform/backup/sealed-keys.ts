import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { z } from 'zod';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';

/** Everything that opens a data directory: the vault's files by name, and the two keys wherever they came from. */
export const VaultCopy = z.strictObject({
  databaseKeyHex: z.string(),
  signingKeyPem: z.string(),
  files: z.record(z.string(), z.string()),
});
export type VaultCopy = z.infer<typeof VaultCopy>;

const CIPHER = 'aes-256-gcm';
/** scrypt as OWASP's password storage sheet has it (N 2^17, r 8, p 1): 128 MiB and some 0.3 s for each guess. */
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 } as const;
const KEY_BYTES = 32;
const Sealed = z.strictObject({ salt: z.base64(), nonce: z.base64(), sealed: z.base64(), tag: z.base64() });

/** Seals the keys under a passphrase; without it nothing of them can be had. */
export function sealKeys(copy: VaultCopy, passphrase: string): string {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(CIPHER, scryptSync(passphrase, salt, KEY_BYTES, COST), nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(copy), 'utf8'), cipher.final()]);
  const parts = { salt, nonce, sealed, tag: cipher.getAuthTag() };
  return JSON.stringify(
    Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('base64')])),
  );
}

/** Opens sealed keys, or says that the passphrase is another or the file is damaged: which of the two cannot be told. */
export function openKeys(text: string, passphrase: string): Result<VaultCopy, { code: 'passphrase-wrong' }> {
  try {
    const { salt, nonce, sealed, tag } = Sealed.parse(JSON.parse(text));
    const bytes = (part: string) => Buffer.from(part, 'base64');
    const decipher = createDecipheriv(CIPHER, scryptSync(passphrase, bytes(salt), KEY_BYTES, COST), bytes(nonce));
    decipher.setAuthTag(bytes(tag));
    const plain = Buffer.concat([decipher.update(bytes(sealed)), decipher.final()]).toString('utf8');
    return ok(VaultCopy.parse(JSON.parse(plain)));
  } catch {
    return err({ code: 'passphrase-wrong' }); // whatever failed, the keys stay closed and nothing of them is said
  }
}
