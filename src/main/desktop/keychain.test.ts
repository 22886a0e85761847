import { createCipheriv, createDecipheriv, createPrivateKey, randomBytes } from 'node:crypto';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Keychain, keysFile, obtainStationKeys } from './keychain.ts';

/** A keychain that really encrypts, under a secret of one user. */
function userKeychain(backend = 'gnome_libsecret', available = true): Keychain {
  const secret = randomBytes(32);
  return {
    isAsyncEncryptionAvailable: async () => available,
    getSelectedStorageBackend: () => backend,
    encryptStringAsync: async (text) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', secret, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    decryptStringAsync: async (bytes) => {
      const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return { result: Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8') };
    },
  };
}

let userDataDir = '';
beforeEach(() => {
  userDataDir = mkdtempSync(path.join(tmpdir(), 'wetread-keychain-'));
});
afterEach(() => rmSync(userDataDir, { recursive: true, force: true }));

const places = (platform: NodeJS.Platform = 'linux', name = 'station') => ({
  userDataDir,
  stationDir: path.join(userDataDir, name),
  platform,
});

describe('the keys of a station', () => {
  test('are made once, kept encrypted for this user alone, and given again', async () => {
    const keychain = userKeychain();
    const first = await obtainStationKeys(keychain, places());
    if (!first.ok || !first.value) throw new Error('no keys');
    const file = keysFile(userDataDir, places().stationDir);
    const kept = readFileSync(file);
    expect(await obtainStationKeys(keychain, places())).toEqual(first);
    expect(kept.includes(first.value.databaseKeyHex) || kept.includes('PRIVATE KEY')).toBe(false);
    expect(createPrivateKey(first.value.signingKeyPem).asymmetricKeyType).toBe('ed25519');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
  });

  test('differ between data directories', async () => {
    const keychain = userKeychain();
    const [one, other] = [
      await obtainStationKeys(keychain, places()),
      await obtainStationKeys(keychain, places('linux', 'other')),
    ];
    if (!one.ok || !other.ok) throw new Error('refused');
    expect(one.value?.databaseKeyHex).not.toBe(other.value?.databaseKeyHex);
  });

  test.each([
    ['basic_text', 'linux', 'keychain-weak'],
    ['unknown', 'linux', 'keychain-weak'],
    ['kwallet6', 'linux', null],
    ['basic_text', 'win32', null],
    ['basic_text', 'darwin', null],
  ] as const)('with back end %s on %s: %s', async (backend, platform, code) => {
    const outcome = await obtainStationKeys(userKeychain(backend), places(platform));
    expect(outcome.ok ? null : outcome.error.code).toBe(code);
    expect(readdirSync(userDataDir)).toEqual(code === null ? ['keys'] : []);
  });

  test('are refused without a keychain, and nothing is written', async () => {
    const outcome = await obtainStationKeys(userKeychain('gnome_libsecret', false), places());
    expect(outcome).toEqual({ ok: false, error: { code: 'keychain-unavailable' } });
    expect(readdirSync(userDataDir)).toEqual([]);
  });

  test('are never replaced when this user cannot open them', async () => {
    await obtainStationKeys(userKeychain(), places());
    const file = keysFile(userDataDir, places().stationDir);
    const before = readFileSync(file);
    const outcome = await obtainStationKeys(userKeychain(), places());
    expect(outcome).toEqual({ ok: false, error: { code: 'keys-unreadable' } });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('are left to the station beside data begun without this keychain, and none are made', async () => {
    const { stationDir } = places();
    mkdirSync(stationDir);
    writeFileSync(path.join(stationDir, 'wetread.db'), 'encrypted under a key in a file');
    const outcome = await obtainStationKeys(userKeychain('basic_text'), places());
    expect(outcome).toEqual({ ok: true, value: null });
    expect(readdirSync(userDataDir)).toEqual(['station']);
  });
});
