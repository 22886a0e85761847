import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from '../log.ts';
import { parseEvent, serviceActor } from '../ledger/event.ts';
import { LIST_EVENTS_AFTER } from '../ledger/follow.ts';
import { planOf } from '../store/test-plan.ts';
import { openTestStore, type TestStore } from '../store/test-store.ts';
import { type KeptObjectKeys, openObjectKeys } from './object-keys.ts';
import { objectPath, openObjectReader, openObjectStore, type ObjectStore, SEALED } from './object-store.ts';
import { LATEST_PASS, notePass, startPass } from './passes.ts';
import { findObject, LIST_OBJECTS_AFTER, recordObject } from './records.ts';
import { resealSlot, slotKeyIds } from './sealed-format.ts';
import { readSealedHeader } from './sealed-reader.ts';
import { createKeyRotation, type KeyRotation } from './rotate-keys.ts';

const DATABASE_KEY = randomBytes(32);
const actor = serviceActor('test');
let root: string;
let vault: string;
let keys: KeptObjectKeys;
let objects: ObjectStore;
let store: TestStore;
let rotation: KeyRotation;
let told: { changes: number; suspects: string[] };
let logged: string;

beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-rotation-'));
  root = path.join(folder, 'objects');
  vault = path.join(folder, 'vault');
  mkdirSync(root);
  keys = openKeys();
  objects = openObjectStore(root, keys);
  store = openTestStore();
  logged = '';
  rotation = makeRotation();
});
afterEach(async () => {
  await rotation.stop();
  store.close();
  rmSync(path.dirname(root), { recursive: true, force: true });
});

function openKeys(mayCreate = true): KeptObjectKeys {
  const opened = openObjectKeys(vault, DATABASE_KEY, { mayCreate, atMs: 1 });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

function makeRotation(pace = async () => undefined as void): KeyRotation {
  told = { changes: 0, suspects: [] };
  return createKeyRotation({
    ...{ db: store.db, root, objects, keys, pace, clock: { nowMs: () => 5 } },
    log: openLog('info', { write: (line: string) => (logged += line) }),
    keysChanged: () => (told.changes += 1),
    suspect: (digest) => told.suspects.push(digest),
  });
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const kept = new Map<string, Buffer>();

async function keepSome(count: number): Promise<readonly string[]> {
  const digests: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const bytes = randomBytes(1000 * (n + 1) * (n % 4 === 0 ? 100 : 1));
    const file = await objects.receive();
    await file.write(bytes);
    await file.keep(digestOf(bytes));
    await file.discard();
    kept.set(digestOf(bytes), bytes);
    recordObject(store.db, { digest: digestOf(bytes), encoding: SEALED, sizeBytes: bytes.length, bodyOffset: 0 }, 1);
    digests.push(digestOf(bytes));
  }
  return digests;
}

const fileOf = (digest: string) => objectPath(root, digest, SEALED);
const keyIdsOf = (digest: string) =>
  slotKeyIds(readFileSync(fileOf(digest)).subarray(0, 1024)).filter((id) => id !== null);
const done = () => expect.poll(() => rotation.latest()?.state, { timeout: 30_000 }).toBe('finished');
const events = () =>
  store.db
    .prepare<unknown[], Parameters<typeof parseEvent>[0]>(LIST_EVENTS_AFTER)
    .all(0, -1)
    .map(parseEvent)
    .map(({ kind, payload }) => ({ kind, payload }));
const readsAll = async (digests: readonly string[], reader = openObjectReader(root, keys)) => {
  for (const digest of digests)
    expect(
      (await reader.read(digest, findObject(store.db, digest)?.encoding ?? SEALED)).equals(
        kept.get(digest) ?? Buffer.of(1),
      ),
    ).toBe(true);
};

test('a rotation brings every header under a new key, leaves bodies as they are, and forgets the old key', async () => {
  const digests = await keepSome(30);
  const [old = ''] = keys.ids();
  const before = digests.map((digest) => readFileSync(fileOf(digest)).subarray(1024));
  expect(rotation.rotate('rewrap', actor)).toMatchObject({ ok: true });
  expect(rotation.rotate('rewrap', actor)).toEqual({ ok: false, error: { code: 'rotation-running' } });
  await done();
  const [current = ''] = keys.ids();
  expect([keys.ids().length, current === old, told.changes]).toEqual([1, false, 2]);
  expect(digests.map(keyIdsOf)).toEqual(digests.map(() => [current]));
  expect(
    digests.every((digest, n) =>
      readFileSync(fileOf(digest))
        .subarray(1024)
        .equals(before[n] ?? Buffer.of()),
    ),
  ).toBe(true);
  await readsAll(digests);
  expect(openKeys(false).ids()).toEqual([current]);
  expect(events()).toEqual([
    { kind: 'object-keys-rotated', payload: { keyId: current, how: 'rewrap' } },
    { kind: 'object-rotation-finished', payload: { how: 'rewrap', objects: 30, faults: 0, forgotten: 1 } },
  ]);
});

test('objects kept while it goes on are sealed with the new key, and everything reads at every moment', async () => {
  const digests = [...(await keepSome(40))];
  rotation = makeRotation(async () => {
    await readsAll(digests.slice(0, 3));
  });
  rotation.rotate('rewrap', actor);
  const [, current] = keys.ids();
  digests.push(...(await keepSome(5)));
  expect(keyIdsOf(digests.at(-1) ?? '')).toEqual([current]);
  await done();
  await readsAll(digests);
  expect(digests.flatMap(keyIdsOf)).toEqual(digests.map(() => current));
});

test('stopped in the middle it goes on after a restart, with both keys held till the end', async () => {
  const digests = await keepSome(40);
  let steps = 0;
  let inMiddle = () => undefined as void;
  const middle = new Promise<void>((resolve) => (inMiddle = resolve));
  rotation = makeRotation(async () => {
    steps += 1;
    if (steps === 15) inMiddle();
    if (steps >= 15) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  rotation.rotate('rewrap', actor);
  await middle;
  await rotation.stop();
  expect(rotation.latest()).toMatchObject({ state: 'running', faults: 0 });
  expect(rotation.latest()?.objects).toBeGreaterThan(5);
  const states = new Set(digests.map((digest) => keyIdsOf(digest).join()));
  expect(states.size).toBe(2);
  keys = openKeys(false);
  expect(keys.ids()).toHaveLength(2);
  objects = openObjectStore(root, keys);
  await readsAll(digests);
  rotation = makeRotation();
  rotation.start();
  await done();
  expect(keys.ids()).toHaveLength(1);
  expect(digests.flatMap(keyIdsOf)).toEqual(digests.map(() => keys.current().id));
  await readsAll(digests);
});

test('a kill between the two writes of a header leaves a file that opens, and that the next walk ends', async () => {
  const [digest = ''] = await keepSome(1);
  const oldId = keys.current().id;
  keys.add(2);
  const file = await open(fileOf(digest), 'r+');
  const { header, opened } = await readSealedHeader(file, digest, keys.find);
  const { at, bytes } = resealSlot(header, 1, opened.fileKey, digest, keys.current());
  // Torn: half of the new slot reached the disk.
  await file.write(bytes, 0, 30, at);
  await readsAll([digest]);
  // Whole: and the old one still stands beside it.
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
  expect(keyIdsOf(digest)).toEqual([oldId, keys.current().id]);
  await readsAll([digest]);
  // A new key without a walk of its own, as a kill leaves it: the next start sees to it.
  rotation.start();
  await done();
  expect([keyIdsOf(digest), keys.ids()]).toEqual([[keys.current().id], [keys.current().id]]);
  await readsAll([digest]);
});

test('where one file does not open the old key is kept, the file is told of, and the others come through', async () => {
  const digests = await keepSome(5);
  const [bad = ''] = digests;
  const bytes = readFileSync(fileOf(bad));
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  writeFileSync(fileOf(bad), bytes);
  rotation.rotate('rewrap', actor);
  await done();
  expect([keys.ids().length, told.suspects, rotation.latest()?.faults]).toEqual([2, [bad], 1]);
  await readsAll(digests.slice(1));
  // Put back as it was, it opens with the key that was kept, and the next start ends the rotation.
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  writeFileSync(fileOf(bad), bytes);
  await rotation.stop();
  rotation = makeRotation();
  rotation.start();
  await done();
  await expect.poll(() => keys.ids().length).toBe(1);
  await readsAll(digests);
});

test('reseal writes every file under a key of its own anew, and seals what was plain', async () => {
  const digests = [...(await keepSome(6))];
  const plainBytes = randomBytes(70_000);
  const plain = digestOf(plainBytes);
  kept.set(plain, plainBytes);
  mkdirSync(path.dirname(objectPath(root, plain, 'plain')), { recursive: true });
  writeFileSync(objectPath(root, plain, 'plain'), plainBytes);
  recordObject(store.db, { digest: plain, encoding: 'plain', sizeBytes: plainBytes.length, bodyOffset: 0 }, 1);
  digests.push(plain);
  const gone = digests[0] ?? '';
  store.db.prepare('UPDATE objects SET evicted_at_ms = 1 WHERE digest = ?').run(gone);
  rmSync(fileOf(gone));
  const before = new Map(digests.slice(1, 6).map((digest) => [digest, readFileSync(fileOf(digest)).subarray(1024)]));
  rotation.rotate('reseal', actor);
  await done();
  for (const [digest, body] of before) expect(readFileSync(fileOf(digest)).subarray(1024).equals(body)).toBe(false);
  expect([findObject(store.db, plain)?.encoding, existsSync(objectPath(root, plain, 'plain'))]).toEqual([
    SEALED,
    false,
  ]);
  expect(existsSync(fileOf(gone))).toBe(false);
  await readsAll(digests.slice(1));
  expect(events().at(-1)).toMatchObject({ payload: { how: 'reseal', faults: 0, forgotten: 1 } });
});

test('a walk goes on with the object it ended with', async () => {
  const digests = (await keepSome(30)).toSorted();
  keys.add(2);
  const pass = startPass(store.db, 'rewrap', 'test', 1);
  notePass(store.db, { ...pass, place: digests[14] ?? '' });
  rotation.start();
  await done();
  expect(rotation.latest()?.objects).toBe(16);
});

test('a record that still says plain reads what was sealed since, and the walks are found by their index', async () => {
  const [digest = ''] = await keepSome(1);
  expect((await objects.read(digest, 'plain')).equals(kept.get(digest) ?? Buffer.of(1))).toBe(true);
  expect(planOf(store.db, LATEST_PASS)).toEqual(['SEARCH object_passes USING INDEX object_passes_by_kind (kind=?)']);
  expect(planOf(store.db, LIST_OBJECTS_AFTER).join()).toMatch(
    /^SEARCH objects USING INDEX sqlite_autoindex_objects_1 \(digest>\?\)$/,
  );
});

test('the keys outlive a restart, open with the database key alone, and are not made anew over a loss', () => {
  const [id] = keys.ids();
  expect(openKeys(false).ids()).toEqual([id]);
  expect(openObjectKeys(vault, randomBytes(32), { mayCreate: true, atMs: 1 })).toEqual({
    ok: false,
    error: { code: 'key-malformed' },
  });
  const file = path.join(vault, 'object-keys.json');
  expect(readFileSync(file, 'utf8').includes(keys.export()[0]?.keyHex ?? '')).toBe(false);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"sealed":"', '"sealed":"0'));
  expect(openObjectKeys(vault, DATABASE_KEY, { mayCreate: true, atMs: 1 })).toMatchObject({
    error: { code: 'key-malformed' },
  });
  rmSync(file);
  expect(openObjectKeys(vault, DATABASE_KEY, { mayCreate: false, atMs: 1 })).toEqual({
    ok: false,
    error: { code: 'key-missing' },
  });
});
