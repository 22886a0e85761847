import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshObjectKeys, type ObjectKeys } from './object-keys.ts';
import {
  objectPath,
  openObjectReader,
  openObjectStore,
  type ObjectStore,
  SEALED,
  startObjectDigest,
} from './object-store.ts';

let root: string;
let keys: ObjectKeys;
let store: ObjectStore;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-objects-'));
  keys = freshObjectKeys();
  store = openObjectStore(root, keys);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const incoming = () => readdirSync(path.join(root, 'incoming'));
const files = () =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(path.join(root, name)).isFile());

async function write(bytes: Uint8Array, chunk = bytes.length) {
  const file = await store.receive();
  for (let at = 0; at < bytes.length; at += chunk) await file.write(bytes.subarray(at, at + chunk));
  return file;
}

test('keeps what was written under its digest, byte for byte, for its owner alone', async () => {
  const bytes = randomBytes(300_000);
  const digest = digestOf(bytes);
  const file = await write(bytes, 4099);
  expect(file.sizeBytes).toBe(bytes.length);
  expect(await file.keep(digest)).toBe('kept');
  await file.discard();
  expect(files()).toEqual([path.join(digest.slice(0, 2), `${digest}.gcm1`)]);
  expect((await store.read(digest, SEALED)).equals(bytes)).toBe(true);
  expect(await store.sizeBytes(digest, SEALED)).toBe(bytes.length);
  expect(statSync(objectPath(root, digest, SEALED)).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(objectPath(root, digest, SEALED))).mode & 0o777).toBe(0o700);
});

test('shows nothing under a digest before it is kept, and leaves nothing of what is discarded', async () => {
  const bytes = randomBytes(100);
  const file = await write(bytes);
  expect(existsSync(objectPath(root, digestOf(bytes), SEALED))).toBe(false);
  expect(incoming()).toHaveLength(1);
  await file.discard();
  await file.discard();
  expect(files()).toEqual([]);
});

test('an earlier file of the same digest stays as it is', async () => {
  const digest = digestOf(Buffer.from('body'));
  const first = await write(Buffer.from('first header, body'));
  const second = await write(Buffer.from('second header, body'));
  expect([await first.keep(digest), await second.keep(digest)]).toEqual(['kept', 'existing']);
  await Promise.all([first.discard(), second.discard()]);
  expect((await store.read(digest, SEALED)).toString()).toBe('first header, body');
  expect(incoming()).toEqual([]);
});

test('of many that arrive together one is kept, whole, and the others find it there', async () => {
  const digest = digestOf(Buffer.from('together'));
  const all = await Promise.all(Array.from({ length: 8 }, () => write(Buffer.from('together'))));
  const outcomes = await Promise.all(all.map((file) => file.keep(digest)));
  await Promise.all(all.map((file) => file.discard()));
  expect(outcomes.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'existing'), 'kept']);
  expect(files()).toHaveLength(1);
});

test('brings up what an earlier version kept a folder deeper', async () => {
  const bytes = randomBytes(100);
  const digest = digestOf(bytes);
  await (await write(bytes)).keep(digest);
  const deeper = path.join(root, digest.slice(0, 2), digest.slice(2, 4));
  mkdirSync(deeper);
  renameSync(objectPath(root, digest, SEALED), path.join(deeper, `${digest}.gcm1`));
  expect((await openObjectStore(root, keys).read(digest, SEALED)).equals(bytes)).toBe(true);
  expect([files(), existsSync(deeper)]).toEqual([[path.join(digest.slice(0, 2), `${digest}.gcm1`)], false]);
});

test('clears what an earlier process left half-written, and nothing else', async () => {
  const kept = await write(Buffer.from('kept'));
  await kept.keep(digestOf(Buffer.from('kept')));
  writeFileSync(path.join(root, 'incoming', 'half'), 'half');
  openObjectStore(root, keys);
  expect([incoming(), files().length]).toEqual([[], 1]);
});

test.each([
  ['from the start', 0, 3, 'abc'],
  ['in the middle', 3, 4, 'defg'],
  ['over the end', 8, 10, 'ij'],
  ['at the end', 10, 5, ''],
  ['past the end', 50, 5, ''],
  ['nothing', 2, 0, ''],
])('reads a range %s, kept or still arriving', async (_where, start, length, expected) => {
  const bytes = Buffer.from('abcdefghij');
  const file = await write(bytes, 4);
  expect((await file.readRange(start, length)).toString()).toBe(expected);
  await file.keep(digestOf(bytes));
  expect((await openObjectReader(root, keys).readRange(digestOf(bytes), SEALED, start, length)).toString()).toBe(
    expected,
  );
});

test.each([
  '',
  'abc',
  '../../etc/passwd',
  'A'.repeat(64),
  `${'a'.repeat(63)}/`,
  '1.2.840.10008',
  `${'a'.repeat(64)}\n`,
])('makes no file name from %j', async (name) => {
  expect(() => objectPath(root, name, SEALED)).toThrow('digest');
  const file = await write(Buffer.from('x'));
  await expect(file.keep(name)).rejects.toThrow('digest');
  await file.discard();
  expect(files()).toEqual([]);
});

test('an object that is not there is an error, never empty', async () => {
  await expect(store.read('0'.repeat(64), SEALED)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(store.readRange('0'.repeat(64), SEALED, 0, 1)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('an encrypted object stands beside under a name of its own', () => {
  const digest = 'ab'.repeat(32);
  expect(objectPath('/r', digest, 'aes-256-gcm-chunked-v1')).toBe(path.join('/r', 'ab', `${digest}.gcm1`));
});

test('the digest covers the transfer syntax and the body, and cannot be moved between them', () => {
  const digest = (syntax: string, body: string) =>
    startObjectDigest(createHash('sha256'), syntax).update(body).digest('hex');
  expect(digest('1.2', '3')).not.toBe(digest('1.23', ''));
  expect(digest('1.2', 'a')).not.toBe(digest('1.3', 'a'));
  expect(digest('1.2', 'a')).toBe(digest('1.2', 'a'));
});

test('knows how much room there is', async () => {
  const { freeBytes, totalBytes } = await store.free();
  expect(freeBytes).toBeGreaterThan(0);
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
});

test('sweeps away files of an earlier process that no row names, and nothing else', async () => {
  const [named, unnamed, young, again] = ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text));
  const all = [named, unnamed, young, again].map((bytes) => bytes ?? Buffer.alloc(0));
  for (const bytes of all) await (await write(bytes)).keep(digestOf(bytes));
  const [ofNamed = '', ofUnnamed = '', ofYoung = '', ofAgain = ''] = all.map(digestOf);
  writeFileSync(path.join(root, 'ab'.concat('.txt')), 'not an object');
  const startedMs = Date.now();
  for (const digest of [ofNamed, ofUnnamed, ofAgain])
    utimesSync(objectPath(root, digest, SEALED), 0, (startedMs - 60_000) / 1000);
  utimesSync(objectPath(root, ofYoung, SEALED), 0, (startedMs + 60_000) / 1000);
  const restarted = openObjectStore(root, keys);
  // Sent again after the start, and not named yet: the file is an existing one that somebody counts on.
  const file = await restarted.receive();
  await file.write(all[3] ?? Buffer.alloc(0));
  expect(await file.keep(ofAgain)).toBe('existing');
  const isNamed = (digest: string) => digest === ofNamed;
  const { signal } = new AbortController();
  expect(await restarted.sweep({ isNamed, olderThanMs: startedMs, signal })).toBe(1);
  expect([ofNamed, ofUnnamed, ofYoung, ofAgain].map((digest) => existsSync(objectPath(root, digest, SEALED)))).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(existsSync(path.join(root, 'ab.txt'))).toBe(true);
});

test('what is evicted while a sweep looks at it does not end the sweep', async () => {
  const all = ['a', 'b', 'c'].map((text) => Buffer.from(text));
  for (const bytes of all) await (await write(bytes)).keep(digestOf(bytes));
  const [early = '', late = '', left = ''] = all.map(digestOf);
  const asked: string[] = [];
  const isNamed = (digest: string) => {
    asked.push(digest);
    // The eviction comes before the file itself is looked at, or just after.
    const times = asked.filter((one) => one === digest).length;
    if ((digest === early && times === 1) || (digest === late && times === 3))
      rmSync(objectPath(root, digest, SEALED), { force: true });
    return false;
  };
  const { signal } = new AbortController();
  const restarted = openObjectStore(root, keys);
  expect(await restarted.sweep({ isNamed, olderThanMs: Number.MAX_SAFE_INTEGER, signal })).toBe(1);
  expect(asked.filter((one) => one === late)).toHaveLength(3);
  expect(existsSync(objectPath(root, left, SEALED))).toBe(false);
});

test('a sweep that is called off removes nothing more', async () => {
  const bytes = Buffer.from('a');
  await (await write(bytes)).keep(digestOf(bytes));
  const signal = AbortSignal.abort();
  expect(
    await openObjectStore(root, keys).sweep({ isNamed: () => false, olderThanMs: Number.MAX_SAFE_INTEGER, signal }),
  ).toBe(0);
  expect(files()).toHaveLength(1);
});
