import { expect, test } from 'vitest';
import { SEALED } from '../../platform/objects/object-store.ts';
import { rememberReads, type ReadInto } from './remember-reads.ts';

const MIB = 2 ** 20;

/** Objects that begin with the first letter of their digest; one called `gone` fails once it was given its place. */
function counted(sizeMb: number): { readonly read: ReadInto; readonly asked: string[] } {
  const asked: string[] = [];
  const read: ReadInto = async (digest, _encoding, allocate = Buffer.alloc) => {
    asked.push(digest);
    const place = allocate(sizeMb * MIB);
    if (digest === 'gone') throw new Error('gone');
    return place.fill(digest);
  };
  return { read, asked };
}

test('an object is read once for all models, and what was read longest ago makes room', async () => {
  const { read, asked } = counted(1);
  const remembering = rememberReads(read, 3);
  for (const digest of ['a', 'b', 'c', 'a', 'b', 'c'])
    expect((await remembering(digest, SEALED))[0]).toBe(digest.charCodeAt(0));
  expect(asked).toEqual(['a', 'b', 'c']);
  for (const digest of ['a', 'd', 'a', 'b']) await remembering(digest, SEALED);
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'b']);
});

test('objects that share a piece of memory keep their bytes, also those of which others have made room', async () => {
  const { read, asked } = counted(0.25);
  const remembering = rememberReads(read, 8);
  const digests = Array.from({ length: 60 }, (_, index) => String.fromCharCode(65 + index));
  const held = [];
  for (const digest of digests) held.push(await remembering(digest, SEALED));
  for (const [index, bytes] of held.entries())
    expect(bytes.equals(Buffer.alloc(0.25 * MIB, digests[index]))).toBe(true);
  for (const digest of digests.slice(-28)) await remembering(digest, SEALED);
  expect(asked).toEqual(digests);
  await remembering('A', SEALED);
  expect(asked.at(-1)).toBe('A');
});

test('what fails is asked for again, and so are plain objects and what is larger than the whole budget', async () => {
  const small = counted(0.25);
  const remembering = rememberReads(small.read, 1);
  await expect(remembering('gone', SEALED)).rejects.toThrow('gone');
  await expect(remembering('gone', SEALED)).rejects.toThrow('gone');
  for (let time = 0; time < 2; time += 1) await remembering('plain', 'plain');
  expect(small.asked).toEqual(['gone', 'gone', 'plain', 'plain']);
  const large = counted(2);
  const rereading = rememberReads(large.read, 1);
  for (let time = 0; time < 2; time += 1) expect((await rereading('large', SEALED)).length).toBe(2 * MIB);
  expect(large.asked).toEqual(['large', 'large']);
});
