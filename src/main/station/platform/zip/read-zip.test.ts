import { crc32, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { aZipOf } from './test-zip.ts';
import { openZip, type ZipEntry } from './read-zip.ts';

const sound = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) % 251));
const changed = Buffer.from(sound);
changed[200_000] = 255;

async function firstOf(zip: Buffer): Promise<ZipEntry> {
  const read = async (start: number, length: number) => zip.subarray(start, start + length);
  const opened = await openZip({ kind: 'bytes', sizeBytes: zip.length, read });
  const entry = opened.ok ? opened.value.entries[0] : undefined;
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

async function readAll(entry: ZipEntry): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await entry.open()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

test.each([
  ['stored', 0, (bytes: Buffer) => bytes],
  ['deflated', 8, (bytes: Buffer) => deflateRawSync(bytes)],
  ['deflated without being made smaller', 8, (bytes: Buffer) => deflateRawSync(bytes, { level: 0 })],
] as const)(
  'an entry that is %s reads as it was packed, and fails where a byte of it was changed',
  async (_, method, pack) => {
    const facts = { name: 'one', method, sizeBytes: sound.length, checksum: crc32(sound) };
    expect((await readAll(await firstOf(aZipOf({ ...facts, packed: pack(sound) })))).equals(sound)).toBe(true);
    await expect(readAll(await firstOf(aZipOf({ ...facts, packed: pack(changed) })))).rejects.toThrow('directory says');
  },
);

test('an entry that is left half-read lets go of its source', async () => {
  const facts = { name: 'one', method: 0, sizeBytes: sound.length, checksum: crc32(sound), packed: sound } as const;
  const stream = await (await firstOf(aZipOf(facts))).open();
  for await (const piece of stream) {
    expect((piece as Buffer).length).toBeLessThan(sound.length);
    break;
  }
  expect(stream.destroyed).toBe(true);
});
