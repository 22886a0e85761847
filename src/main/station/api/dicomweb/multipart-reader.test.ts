import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundaryOf, BrokenMultipart, readParts } from './multipart-reader.ts';

type Read = { readonly type: string | undefined; readonly bytes: string };

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(body: string | Buffer, sizes: readonly number[] = [7], longest = 1e6): Promise<Read[]> {
  const parts: Read[] = [];
  for await (const part of readParts(inPieces(Buffer.from(body), sizes), 'B', longest)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of part.body) pieces.push(piece);
    parts.push({ type: part.headers.get('content-type'), bytes: Buffer.concat(pieces).toString('latin1') });
  }
  return parts;
}

test('reads parts with a preamble and padding, without headers, empty, and forgets what follows the last', async () => {
  const body =
    'preamble\r\n--B \t\r\nContent-Type: a/b\r\n\r\none\r\n--B\r\n\r\n\r\n--B\r\n\r\n--\r\n--X\r\n--B--\r\nepilogue';
  expect(await read(body)).toEqual([
    { type: 'a/b', bytes: 'one' },
    { type: undefined, bytes: '' },
    { type: undefined, bytes: '--\r\n--X' },
  ]);
});

test('gives every byte back wherever the pieces are cut', async () => {
  const part = fc.uint8Array({ maxLength: 300 }).filter((bytes) => !Buffer.from(bytes).includes('\r\n--B'));
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), sizes, async (parts, cut) => {
      const heads = parts.flatMap((bytes) => ['--B\r\nContent-Type: x/y\r\n\r\n', bytes, '\r\n']);
      const body = Buffer.concat([...heads, '--B--'].map((piece) => Buffer.from(piece as Uint8Array)));
      expect((await read(body, cut)).map(({ bytes }) => bytes)).toEqual(
        parts.map((bytes) => Buffer.from(bytes).toString('latin1')),
      );
    }),
  );
});

test('passes over what the reader leaves of a part', async () => {
  const body = `--B\r\n\r\n${'x'.repeat(500)}\r\n--B\r\n\r\ntwo\r\n--B--`;
  const seen: number[] = [];
  for await (const part of readParts(inPieces(Buffer.from(body), [50]), 'B', 1e6)) {
    const first = await part.body.next();
    seen.push(first.done === true ? 0 : first.value.length);
  }
  expect(seen).toHaveLength(2);
  expect(seen[1]).toBeGreaterThan(0);
});

test.each([
  ['--B\r\n\r\ncut sho', 'truncated', 1e6],
  ['--B\r\n\r\none\r\n', 'truncated', 1e6],
  ['--B\r\nno colon\r\n\r\none\r\n--B--', 'malformed', 1e6],
  ['--B junk\r\n\r\none\r\n--B--', 'malformed', 1e6],
  [`--B\r\na: ${'x'.repeat(20_000)}`, 'headers-too-long', 1e6],
  [`${'x'.repeat(20_000)}--B`, 'no-boundary', 1e6],
  [`--B\r\n\r\n${'x'.repeat(200)}\r\n--B--`, 'part-too-long', 100],
  ['', 'truncated', 1e6],
])('refuses a broken body: %.20s', async (body, code, longest) => {
  const failure = await read(body, [64], longest).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BrokenMultipart);
  expect(failure).toMatchObject({ code });
});

test.each([
  ['simple', 'simple'],
  ['with space', 'with space'],
  ['', null],
  ['x'.repeat(71), null],
  ['ends ', null],
  ['bad"quote', null],
])('takes the boundary %j as %j', (boundary, expected) => {
  expect(boundaryOf(new Map([['boundary', boundary]]))).toBe(expected);
});
