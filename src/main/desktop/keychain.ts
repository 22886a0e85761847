import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { StationKeys } from '../../shared/contract/parent-port.ts';
import { err, ok, type Result } from '../../shared/domain/result.ts';

/** What the desktop app uses of Electron's safeStorage. */
export type Keychain = {
  isAsyncEncryptionAvailable(): Promise<boolean>;
  encryptStringAsync(plainText: string): Promise<Buffer>;
  decryptStringAsync(encrypted: Buffer): Promise<{ readonly result: string }>;
  /** Linux only. */
  getSelectedStorageBackend?(): string;
};

/**
 * `keychain-unavailable`: this session has no keychain. `keychain-weak`: it would keep the key under a fixed password.
 * `keys-unreadable`: there are keys, but this user's keychain does not open them.
 */
export type KeychainRefusal = {
  readonly code: 'keychain-unavailable' | 'keychain-weak' | 'keys-unreadable';
};

/** Linux back ends that hold a secret of the user's; `basic_text` encrypts with a password known to everyone. */
const STRONG_LINUX_BACKENDS = ['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'];

/** The file that holds the encrypted keys of a data directory: one per directory, named by it. */
export function keysFile(userDataDir: string, stationDir: string): string {
  const name = createHash('sha256').update(path.resolve(stationDir)).digest('hex').slice(0, 16);
  return path.join(userDataDir, 'keys', `${name}.bin`);
}

/**
 * Gives the station's keys, made on the first start and then always the same. Over keys it cannot open it never makes new
 * ones: that would turn a keychain's hiccup into a lost database. Null where there are data without keys of ours: they
 * were begun headless, and the station finds their keys itself or refuses.
 */
export async function obtainStationKeys(
  keychain: Keychain,
  places: { readonly userDataDir: string; readonly stationDir: string; readonly platform: NodeJS.Platform },
): Promise<Result<StationKeys | null, KeychainRefusal>> {
  const file = keysFile(places.userDataDir, places.stationDir);
  const kept = await readIfThere(file);
  if (!kept && (await holdsData(places.stationDir))) return ok(null);

  if (!(await keychain.isAsyncEncryptionAvailable())) return err({ code: 'keychain-unavailable' });
  if (places.platform === 'linux') {
    const backend = keychain.getSelectedStorageBackend?.() ?? 'unknown';
    if (!STRONG_LINUX_BACKENDS.includes(backend)) return err({ code: 'keychain-weak' });
  }

  if (kept) return openKeys(keychain, kept);

  const signingKey = generateKeyPairSync('ed25519').privateKey;
  const keys: StationKeys = {
    databaseKeyHex: randomBytes(32).toString('hex'),
    signingKeyPem: signingKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  await writeDurably(file, await keychain.encryptStringAsync(JSON.stringify(keys)));
  return ok(keys);
}

async function openKeys(keychain: Keychain, kept: Buffer): Promise<Result<StationKeys, KeychainRefusal>> {
  try {
    const { result } = await keychain.decryptStringAsync(kept);
    return ok(StationKeys.parse(JSON.parse(result)));
  } catch {
    // Which step failed says nothing a person could use, and the error may quote the text it could not read.
    return err({ code: 'keys-unreadable' });
  }
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function holdsData(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The keys are on disk, whole, before the first byte they encrypt. */
async function writeDurably(file: string, bytes: Buffer): Promise<void> {
  const directory = path.dirname(file);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await unlink(fresh);
    throw error;
  }
  await handle.close();
  await rename(fresh, file);
  // Windows cannot sync a directory; its rename is journalled.
  if (process.platform === 'win32') return;
  const parent = await open(directory, 'r');
  await parent.sync();
  await parent.close();
}
