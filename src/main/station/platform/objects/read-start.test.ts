import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshObjectKeys, holdObjectKeys } from './object-keys.ts';
import { objectPath, type ObjectStore, openObjectStore, SEALED } from './object-store.ts';
import { readObjectStart } from './read-start.ts';

let folder: string;
let store: ObjectStore;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-start-'));
  store = openObjectStore(folder, freshObjectKeys());
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const DIGEST = 'ab'.repeat(32);
const LENGTHS = [0, 1, 1000, 65_535, 65_536, 65_537, 200_000, 400_000];

async function keep(bytes: Buffer): Promise<void> {
  const file = await store.receive();
  await file.write(bytes);
  await file.keep(DIGEST);
}

const start = (length: number, encoding: 'plain' | typeof SEALED = SEALED) => {
  const { root, keys } = store.folder();
  return readObjectStart(root, holdObjectKeys(keys).find, { digest: DIGEST, encoding }, length);
};

test('reads as many bytes from the start as there are, over every border of chunks', async () => {
  const bytes = randomBytes(200_000);
  await keep(bytes);
  for (const length of LENGTHS) expect(start(length).equals(bytes.subarray(0, length))).toBe(true);
});

test('reads a plain file, and one that was sealed since its record was read', async () => {
  const bytes = randomBytes(100_000);
  await keep(bytes);
  expect(start(70_000, 'plain').equals(bytes.subarray(0, 70_000))).toBe(true);
  rmSync(objectPath(folder, DIGEST, SEALED));
  writeFileSync(objectPath(folder, DIGEST, 'plain'), bytes);
  for (const length of LENGTHS) expect(start(length, 'plain').equals(bytes.subarray(0, length))).toBe(true);
});

test('gives nothing of a file that is cut, changed or gone', async () => {
  await keep(randomBytes(200_000));
  const name = objectPath(folder, DIGEST, SEALED);
  const whole = readFileSync(name);
  const changed = Buffer.from(whole);
  changed[5000] = (changed[5000] ?? 0) ^ 1;
  for (const broken of [changed, whole.subarray(0, 100_000), whole.subarray(0, 10), Buffer.alloc(0)]) {
    writeFileSync(name, broken);
    expect(() => start(1000)).toThrow(expect.objectContaining({ code: 'object-damaged' }));
  }
  renameSync(name, `${name}.away`);
  expect(() => start(1000)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
