import { expect, test } from 'vitest';
import { SEALED, type ObjectReader } from '../../platform/objects/object-store.ts';
import { rememberReads } from './remember-reads.ts';

function counted(sizeMb: number): { readonly objects: ObjectReader; readonly asked: string[] } {
  const asked: string[] = [];
  const objects = {
    read: (digest: string) => {
      asked.push(digest);
      return digest === 'gone'
        ? Promise.reject(new Error('gone'))
        : Promise.resolve(Buffer.alloc(sizeMb * 2 ** 20, digest));
    },
  } as unknown as ObjectReader;
  return { objects, asked };
}

test('an object is read once for all models, and what was read longest ago makes room', async () => {
  const { objects, asked } = counted(1);
  const reader = rememberReads(objects, 3);
  for (const digest of ['a', 'b', 'c', 'a', 'b', 'c'])
    expect((await reader.read(digest, SEALED))[0]).toBe(digest.charCodeAt(0));
  expect(asked).toEqual(['a', 'b', 'c']);
  for (const digest of ['a', 'd', 'a', 'b']) await reader.read(digest, SEALED);
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'b']);
});

test('what fails is asked for again, and what is larger than the whole budget is not kept', async () => {
  const { objects, asked } = counted(2);
  const reader = rememberReads(objects, 1);
  await expect(reader.read('gone', SEALED)).rejects.toThrow('gone');
  await expect(reader.read('gone', SEALED)).rejects.toThrow('gone');
  await reader.read('large', SEALED);
  await reader.read('large', SEALED);
  expect(asked).toEqual(['gone', 'gone', 'large', 'large']);
});
