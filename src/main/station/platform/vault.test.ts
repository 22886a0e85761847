import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openVault, type SecretSource } from './vault.ts';

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'wetread-vault-'));
  folder = path.join(parent, 'vault');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const open = (isNew: boolean, source: Partial<SecretSource> = {}) => openVault({ folder, ...source }, isNew);
function secrets(isNew: boolean, source: Partial<SecretSource> = {}) {
  const opened = open(isNew, source);
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}
const pem = (type: 'ed25519' | 'x25519') =>
  (type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

test('makes both keys for a new directory, for its owner alone, and finds them again', () => {
  const made = secrets(true);
  expect(made.databaseKey).toHaveLength(32);
  expect(readdirSync(folder).toSorted()).toEqual(['database.key', 'signing.pem']);
  for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
  const again = secrets(false);
  expect(again.databaseKey).toEqual(made.databaseKey);
  expect(again.publicKeyPem).toBe(made.publicKeyPem);
  const signature = sign(null, Buffer.from('x'), again.signingKey);
  expect(verify(null, Buffer.from('x'), createPublicKey(made.publicKeyPem), signature)).toBe(true);
});

test('never makes a second key for a database that is there', () => {
  expect(open(false)).toEqual({ ok: false, error: { code: 'key-missing' } });
  secrets(true);
  rmSync(path.join(folder, 'signing.pem'));
  expect(open(false)).toEqual({ ok: false, error: { code: 'key-missing' } });
  expect(readdirSync(folder)).toEqual(['database.key']);
});

test('what is given comes before the files, and leaves none', () => {
  const databaseKeyHex = 'ab'.repeat(32);
  const given = secrets(true, { databaseKeyHex: `${databaseKeyHex}\n`, signingKeyPem: pem('ed25519') });
  expect(given.databaseKey.toString('hex')).toBe(databaseKeyHex);
  expect(() => readdirSync(folder)).toThrow(/ENOENT/);
});

test.each<[string, Partial<SecretSource>]>([
  ['a short key', { databaseKeyHex: 'abcd' }],
  ['a key that is no hexadecimal', { databaseKeyHex: 'zz'.repeat(32) }],
  ['a signing key that is no key', { signingKeyPem: 'not a key' }],
  ['a signing key of another kind', { signingKeyPem: pem('x25519') }],
])('refuses %s as malformed', (_what, source) => {
  expect(open(true, source)).toEqual({ ok: false, error: { code: 'key-malformed' } });
});

test('makes its keys anew where a first start was killed while it wrote them', () => {
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'database.key.new'), 'ab');
  expect(secrets(true).databaseKey).toHaveLength(32);
  expect(readFileSync(path.join(folder, 'database.key'), 'utf8')).toMatch(/^[0-9a-f]{64}$/);
  expect(readdirSync(folder).toSorted()).toEqual(['database.key', 'signing.pem']);
});
