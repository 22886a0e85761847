import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { DATABASE_KEY_BYTES } from './store/database.ts';
import { syncFolder } from './sync-folder.ts';

/** The station's secrets: the database's raw key and the ledger's Ed25519 signing key. */
export type Secrets = { readonly databaseKey: Buffer; readonly signingKey: KeyObject; readonly publicKeyPem: string };

/** Where secrets come from: given by the desktop's keychain, from the environment, or files. Never from the configuration file. */
export type SecretSource = {
  readonly databaseKeyHex?: string | undefined;
  readonly signingKeyPem?: string | undefined;
  readonly folder: string;
};

/** Reads the secrets, making them where the data directory is new; a database whose key is gone is refused, not re-keyed. */
export function openVault(
  source: SecretSource,
  isNewDirectory: boolean,
): Result<Secrets, { code: 'key-missing' | 'key-malformed' }> {
  const databaseKey = secret(source.databaseKeyHex, path.join(source.folder, 'database.key'), isNewDirectory, () =>
    randomBytes(DATABASE_KEY_BYTES).toString('hex'),
  );
  const signingPem = secret(source.signingKeyPem, path.join(source.folder, 'signing.pem'), isNewDirectory, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  if (databaseKey === null || signingPem === null) return err({ code: 'key-missing' });
  if (!/^[0-9a-f]{64}$/.test(databaseKey)) return err({ code: 'key-malformed' });
  const signingKey = readSigningKey(signingPem);
  if (signingKey === null) return err({ code: 'key-malformed' });
  const publicKeyPem = createPublicKey(signingKey).export({ type: 'spki', format: 'pem' }).toString();
  return ok({ databaseKey: Buffer.from(databaseKey, 'hex'), signingKey, publicKeyPem });
}

function secret(given: string | undefined, file: string, mayCreate: boolean, make: () => string): string | null {
  if (given !== undefined) return given.trim();
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (!mayCreate) return null;
  const made = make();
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeDurably(file, made);
  return made.trim();
}

/** Whole under its name or not at all, and on disk before anything is written that only this key opens. */
export function writeDurably(file: string, text: string): void {
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, 'w', 0o600);
  writeSync(descriptor, text);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, file);
  for (const folder of [path.dirname(file), path.dirname(path.dirname(file))]) syncFolder(folder);
}

function readSigningKey(pem: string): KeyObject | null {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null; // Not a key: the caller says so without repeating what was read.
  }
}
