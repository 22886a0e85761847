import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { freshObjectKeys, holdObjectKeys } from './object-keys.ts';
import { objectPath, openObjectStore, type ObjectStore, SEALED, startObjectDigest } from './object-store.ts';
import { CHUNK_BYTES, HEADER_BYTES, slotKeyIds } from './sealed-format.ts';

const THREAD = new URL('../../file-keeper.ts', import.meta.url);
const MIB = 1024 * 1024;

let root: string;
let store: ObjectStore;
const keys = holdObjectKeys(freshObjectKeys().export());

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-thread-'));
  store = openObjectStore(root, keys, THREAD);
});
afterEach(async () => {
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

const incoming = () => readdirSync(path.join(root, 'incoming'));
const header = Buffer.from('a header');
const opening = { header, transferSyntaxUid: '1.2.840.10008.1.2.1' };
const digestOf = (body: Buffer) =>
  startObjectDigest(createHash('sha256'), opening.transferSyntaxUid).update(body).digest('hex');

async function send(body: Buffer, piece = body.length) {
  const file = await store.receive(opening);
  for (let at = 0; at < body.length; at += piece) {
    const bytes = Buffer.from(body.subarray(at, at + piece));
    await file.write(bytes);
    bytes.fill(0); // the memory of a socket is used again
  }
  return file;
}

test.each([
  ['nothing', 0, 1],
  ['less than a chunk', 100, 7],
  ['a chunk and a byte', CHUNK_BYTES + 1, 1000],
  ['slots filled to the byte', MIB - header.length, 65_536],
  ['more than may wait at once', 5 * MIB + 3, 200_001],
])('digests, seals and keeps %s behind its header', async (_what, length, piece) => {
  const body = randomBytes(length);
  const file = await send(body, piece);
  const { outcome, digest } = await file.keepDigested();
  expect([outcome, digest, file.sizeBytes]).toEqual(['kept', digestOf(body), header.length + length]);
  expect((await file.readRange(header.length, 10)).equals(body.subarray(0, 10))).toBe(true);
  await file.discard();
  expect((await store.read(digest, SEALED)).equals(Buffer.concat([header, body]))).toBe(true);
  await vi.waitFor(() => expect(incoming()).toEqual([]));
});

test('a piece longer than everything that may wait is taken in one call, and read back from anywhere', async () => {
  const body = randomBytes(3 * MIB);
  const file = await send(body);
  const whole = Buffer.concat([header, body]);
  for (const [start, length] of [
    [0, 20],
    [MIB - 5, 300_000],
    [whole.length - 3, 10],
    [whole.length, 1],
  ] as const)
    expect((await file.readRange(start, length)).equals(whole.subarray(start, start + length))).toBe(true);
  await file.write(Buffer.from('more'));
  expect((await file.readRange(whole.length, 10)).toString()).toBe('more');
  await file.discard();
  await file.discard();
  expect(incoming()).toEqual([]);
});

test('objects that arrive at once keep apart, and of one digest only one stays', async () => {
  const bodies = Array.from({ length: 12 }, (_, index) => randomBytes(900_000 + index));
  const files = await Promise.all([...bodies, ...bodies].map((body) => send(body, 50_000)));
  const all = await Promise.all(
    files.map(async (file) => {
      const kept = await file.keepDigested();
      await file.discard();
      return kept;
    }),
  );
  expect(all.map(({ digest }) => digest)).toEqual([...bodies, ...bodies].map(digestOf));
  expect(all.filter(({ outcome }) => outcome === 'kept')).toHaveLength(bodies.length);
  for (const [index, body] of bodies.entries())
    expect((await store.read(all[index]?.digest ?? '', SEALED)).subarray(header.length).equals(body)).toBe(true);
  await vi.waitFor(() => expect(incoming()).toEqual([]));
});

test('takes the place of a file that is found damaged, and of none that is whole', async () => {
  const body = randomBytes(70_000);
  const keep = async (isWhole: boolean) => {
    const file = await send(body);
    const { outcome } = await file.keepDigested(async () => isWhole);
    await file.discard();
    return outcome;
  };
  expect([await keep(true), await keep(true)]).toEqual(['kept', 'existing']);
  const before = readFileSync(objectPath(root, digestOf(body), SEALED));
  expect(await keep(true)).toBe('existing');
  expect(readFileSync(objectPath(root, digestOf(body), SEALED)).equals(before)).toBe(true);
  expect(await keep(false)).toBe('kept');
  expect(readFileSync(objectPath(root, digestOf(body), SEALED)).equals(before)).toBe(false);
  await vi.waitFor(() => expect(incoming()).toEqual([]));
});

test('a name that is removed before its sender has heard of it is given again', async () => {
  const body = randomBytes(600_000);
  const file = await send(body);
  const place = objectPath(root, digestOf(body), SEALED);
  const keeping = file.keepDigested();
  // Whoever removes does not know what is arriving: its digest is told with the answer.
  while (!existsSync(place)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  expect(store.remove(digestOf(body), SEALED)).toBe(true);
  expect(existsSync(place)).toBe(false);
  expect((await keeping).outcome).toBe('kept');
  expect(store.remove(digestOf(body), SEALED)).toBe(false);
  await file.discard();
  expect((await store.read(digestOf(body), SEALED)).subarray(header.length).equals(body)).toBe(true);
  expect(store.remove(digestOf(body), SEALED)).toBe(true);
});

test('seals with the key of the moment, also after a rotation', async () => {
  const keyOf = async (body: Buffer) => {
    const file = await send(body);
    const { digest } = await file.keepDigested();
    return slotKeyIds(readFileSync(objectPath(root, digest, SEALED)).subarray(0, HEADER_BYTES))[0];
  };
  const before = keys.current().id;
  expect(await keyOf(randomBytes(10))).toBe(before);
  const [added] = freshObjectKeys().export();
  keys.take([...keys.export(), ...(added === undefined ? [] : [added])]);
  expect(keys.current().id).not.toBe(before);
  expect(await keyOf(randomBytes(10))).toBe(keys.current().id);
});

test('what the disk refuses comes with its code, to the sender at the latest when its object is whole', async () => {
  rmSync(path.join(root, 'incoming'), { recursive: true });
  const file = await store.receive(opening);
  const sent = (async () => {
    for (let index = 0; index < 64; index += 1) await file.write(randomBytes(MIB / 4));
    return file.keepDigested();
  })();
  await expect(sent).rejects.toMatchObject({ code: 'ENOENT' });
  await file.discard();
});

test('where the thread ends, what it had in hand fails, and what comes next is kept', async () => {
  const [stalled, asked] = [await send(randomBytes(100_000)), await send(randomBytes(100_000))];
  const kept = asked.keepDigested();
  await Promise.all([store.close(), expect(kept).rejects.toThrow('thread')]);
  await expect(stalled.write(randomBytes(MIB))).rejects.toThrow('thread');
  await Promise.all([stalled.discard(), asked.discard()]);
  const body = randomBytes(1000);
  const file = await send(body);
  expect((await file.keepDigested()).outcome).toBe('kept');
  expect(existsSync(objectPath(root, digestOf(body), SEALED))).toBe(true);
});
