import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshObjectKeys, type ObjectKeys } from './object-keys.ts';
import { objectPath, openObjectReader, openObjectStore, type ObjectStore, SEALED } from './object-store.ts';
import { CHUNK_BYTES, chunkAt, HEADER_BYTES, sealedLength, TAG_BYTES } from './sealed-format.ts';

let root: string;
let keys: ObjectKeys;
let store: ObjectStore;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-sealed-'));
  keys = freshObjectKeys();
  store = openObjectStore(root, keys);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const fileOf = (digest: string) => objectPath(root, digest, SEALED);
const damaged = { code: 'object-damaged' };

async function keep(bytes: Uint8Array, pieces: readonly number[] = [bytes.length]): Promise<string> {
  const file = await store.receive();
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = Math.max(1, pieces[index % pieces.length] ?? 1);
    await file.write(bytes.subarray(at, at + length));
    at += length;
  }
  await file.keep(digestOf(bytes));
  await file.discard();
  return digestOf(bytes);
}

const change = (file: string, edit: (bytes: Buffer) => Buffer | void) => {
  const bytes = readFileSync(file);
  writeFileSync(file, edit(bytes) ?? bytes);
};

test.each([
  0,
  1,
  CHUNK_BYTES - 1,
  CHUNK_BYTES,
  CHUNK_BYTES + 1,
  2 * CHUNK_BYTES,
  17 * CHUNK_BYTES,
  17 * CHUNK_BYTES + 5,
])('gives back %i bytes, whole and by its size, and nothing of them stands on disk', async (length) => {
  const bytes = Buffer.alloc(length, 'The name of the patient. ');
  const digest = await keep(bytes, [100_003]);
  expect((await store.read(digest, SEALED)).equals(bytes)).toBe(true);
  expect(await store.sizeBytes(digest, SEALED)).toBe(length);
  expect(statSync(fileOf(digest)).size).toBe(sealedLength(length));
  expect(readFileSync(fileOf(digest)).includes('patient')).toBe(false);
});

test('gives every range as it was written, in pieces of any lengths, kept or still arriving', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 5 * CHUNK_BYTES }),
      fc.array(fc.integer({ min: 700, max: 3 * CHUNK_BYTES }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(6 * CHUNK_BYTES), fc.nat(3 * CHUNK_BYTES)), { minLength: 1, maxLength: 6 }),
      async (length, pieces, ranges) => {
        const bytes = randomBytes(length);
        const file = await store.receive();
        for (let at = 0, index = 0; at < length; index += 1) {
          const piece = Buffer.from(bytes.subarray(at, at + (pieces[index % pieces.length] ?? 1)));
          await file.write(piece);
          at += piece.length;
          piece.fill(0); // the sender's buffer is used anew
          const [[start, wanted] = [0, 0]] = ranges;
          expect(
            (await file.readRange(start, wanted)).equals(bytes.subarray(0, at).subarray(start, start + wanted)),
          ).toBe(true);
        }
        for (const [start, wanted] of ranges)
          expect((await file.readRange(start, wanted)).equals(bytes.subarray(start, start + wanted))).toBe(true);
        const digest = digestOf(bytes);
        await file.keep(digest);
        await file.discard();
        for (const [start, wanted] of ranges) {
          const read = await store.readRange(digest, SEALED, start, wanted);
          expect(read.equals(bytes.subarray(start, start + wanted))).toBe(true);
        }
      },
    ),
    { numRuns: 40, seed: 20261122 },
  );
});

test('reads back from the disk what is no longer held, while more arrives', async () => {
  const bytes = randomBytes(3 * 1024 * 1024 + 77);
  const file = await store.receive();
  await file.write(bytes);
  await file.write(bytes);
  const twice = Buffer.concat([bytes, bytes]);
  for (const start of [0, CHUNK_BYTES - 3, 1024 * 1024, bytes.length - 10, twice.length - 5])
    expect((await file.readRange(start, 200_000)).equals(twice.subarray(start, start + 200_000))).toBe(true);
  expect((await store.free()).freeBytes).toBeGreaterThan(0);
  await file.keep(digestOf(twice));
  await file.discard();
  expect((await store.read(digestOf(twice), SEALED)).equals(twice)).toBe(true);
});

test('a range is read from its own chunks: damage elsewhere does not touch it, damage in it is never passed on', async () => {
  const bytes = randomBytes(4 * CHUNK_BYTES);
  const digest = await keep(bytes);
  change(fileOf(digest), (file) => void file.writeUInt8((file[chunkAt(2) + 5] ?? 0) ^ 1, chunkAt(2) + 5));
  expect((await store.readRange(digest, SEALED, 10, CHUNK_BYTES)).equals(bytes.subarray(10, CHUNK_BYTES + 10))).toBe(
    true,
  );
  await expect(store.readRange(digest, SEALED, 2 * CHUNK_BYTES, 1)).rejects.toMatchObject(damaged);
  await expect(store.read(digest, SEALED)).rejects.toMatchObject(damaged);
});

test('any bit turned anywhere that counts is found', async () => {
  const bytes = randomBytes(CHUNK_BYTES + 300);
  const digest = await keep(bytes);
  const sound = readFileSync(fileOf(digest));
  // What counts: the header's fixed part, the slot in use, and everything behind the header.
  const counts = (at: number) => at < 100 || at >= HEADER_BYTES;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: sound.length - 1 }).filter(counts), fc.nat(7), async (at, bit) => {
      const turned = Buffer.from(sound);
      turned[at] = (turned[at] ?? 0) ^ (1 << bit);
      writeFileSync(fileOf(digest), turned);
      await expect(store.read(digest, SEALED)).rejects.toMatchObject({ name: 'DamagedObject' });
    }),
    { numRuns: 200, seed: 7 },
  );
  writeFileSync(fileOf(digest), sound);
  expect((await store.read(digest, SEALED)).equals(bytes)).toBe(true);
});

test.each<[string, (file: Buffer) => Buffer]>([
  ['cut at a chunk', (file) => file.subarray(0, chunkAt(2))],
  ['cut inside a chunk', (file) => file.subarray(0, chunkAt(1) + 9)],
  ['cut in its header', (file) => file.subarray(0, 99)],
  ['emptied', () => Buffer.alloc(0)],
  ['made longer', (file) => Buffer.concat([file, Buffer.alloc(TAG_BYTES + 1)])],
  [
    'told to be shorter',
    (file) => {
      const shorter = Buffer.from(file.subarray(0, chunkAt(2)));
      shorter.writeBigUInt64BE(BigInt(2 * CHUNK_BYTES), 16);
      return shorter;
    },
  ],
  ['of zeros', (file) => Buffer.alloc(file.length)],
  ['in the clear', () => Buffer.from('plain bytes under a sealed name')],
])('a file %s does not open at all: no range of it, nor its size', async (_how, edit) => {
  const digest = await keep(randomBytes(3 * CHUNK_BYTES));
  change(fileOf(digest), edit);
  for (const reading of [
    () => store.read(digest, SEALED),
    () => store.readRange(digest, SEALED, 0, 1),
    () => store.readRange(digest, SEALED, 10 * CHUNK_BYTES, 1),
    () => store.sizeBytes(digest, SEALED),
  ])
    await expect(reading()).rejects.toMatchObject(damaged);
});

test('chunks cannot change places, in a file or between files, nor can files, nor headers', async () => {
  const [one, other] = [await keep(randomBytes(3 * CHUNK_BYTES)), await keep(randomBytes(3 * CHUNK_BYTES))];
  const [a, b] = [readFileSync(fileOf(one)), readFileSync(fileOf(other))];
  const chunk = (file: Buffer, index: number) => file.subarray(chunkAt(index), chunkAt(index + 1));
  const mixtures = [
    Buffer.concat([a.subarray(0, HEADER_BYTES), chunk(a, 1), chunk(a, 0), chunk(a, 2)]),
    Buffer.concat([a.subarray(0, HEADER_BYTES), chunk(b, 0), chunk(a, 1), chunk(a, 2)]),
    Buffer.concat([a.subarray(0, HEADER_BYTES), chunk(a, 0), chunk(a, 0), chunk(a, 2)]),
    Buffer.concat([b.subarray(0, HEADER_BYTES), a.subarray(HEADER_BYTES)]),
    b,
  ];
  for (const mixture of mixtures) {
    writeFileSync(fileOf(one), mixture);
    await expect(store.read(one, SEALED)).rejects.toMatchObject(damaged);
  }
});

test('the same bytes stored by two stations, or twice, never stand on disk alike', async () => {
  const bytes = Buffer.alloc(100, 'a');
  const digest = await keep(bytes);
  const first = readFileSync(fileOf(digest));
  rmSync(fileOf(digest));
  await keep(bytes);
  expect(readFileSync(fileOf(digest)).subarray(HEADER_BYTES).equals(first.subarray(HEADER_BYTES))).toBe(false);
});

test('another station cannot read it, and says that it is the key', async () => {
  const digest = await keep(Buffer.from('secret'));
  const stranger = openObjectReader(root, freshObjectKeys());
  await expect(stranger.read(digest, SEALED)).rejects.toMatchObject({ code: 'object-key-unknown' });
  const named = freshObjectKeys();
  const alike = { find: () => named.current().key };
  await expect(openObjectReader(root, alike).read(digest, SEALED)).rejects.toMatchObject(damaged);
});

test('what was kept plain before stays readable beside what is sealed, and by its range', async () => {
  const bytes = Buffer.from('kept before objects were sealed');
  const digest = digestOf(bytes);
  const plain = objectPath(root, digest, 'plain');
  mkdirSync(path.dirname(plain), { recursive: true });
  writeFileSync(plain, bytes);
  expect((await store.read(digest, 'plain')).equals(bytes)).toBe(true);
  expect((await store.readRange(digest, 'plain', 5, 1000)).toString()).toBe(bytes.subarray(5).toString());
  expect(await store.sizeBytes(digest, 'plain')).toBe(bytes.length);
  await keep(bytes);
  expect([existsSync(plain), (await store.read(digest, SEALED)).equals(bytes)]).toEqual([true, true]);
  // Once a row names the sealed one, the plain one is nobody's.
  const swept = await openObjectStore(root, keys).sweep({
    isNamed: (_digest, encoding) => encoding === SEALED,
    olderThanMs: Date.now() + 60_000,
    signal: new AbortController().signal,
  });
  expect([swept, existsSync(plain), existsSync(fileOf(digest))]).toEqual([1, false, true]);
});

test('a sealed file is not swept while the row of its object says plain and the plain file is gone', async () => {
  const bytes = randomBytes(1000);
  const digest = await keep(bytes);
  const swept = await openObjectStore(root, keys).sweep({
    isNamed: (named, encoding) => named === digest && encoding === 'plain',
    olderThanMs: Date.now() + 60_000,
    signal: new AbortController().signal,
  });
  expect(swept).toBe(0);
  expect((await store.read(digest, 'plain')).equals(bytes)).toBe(true);
  expect(await store.sizeBytes(digest, 'plain')).toBe(bytes.length);
});

test('a copy put under its own name elsewhere reads the same', async () => {
  const digest = await keep(randomBytes(1000));
  const elsewhere = mkdtempSync(path.join(tmpdir(), 'wetread-restored-'));
  mkdirSync(path.dirname(objectPath(elsewhere, digest, SEALED)), { recursive: true });
  copyFileSync(fileOf(digest), objectPath(elsewhere, digest, SEALED));
  const restored = openObjectReader(elsewhere, keys);
  expect(digestOf(await restored.read(digest, SEALED))).toBe(digest);
  rmSync(elsewhere, { recursive: true });
});
