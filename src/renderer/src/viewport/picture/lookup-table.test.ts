import { afterEach, expect, test, vi } from 'vitest';
import { LUT_ITEM, lookUp, readLookupTable, unfoldSegments } from './lookup-table.ts';

afterEach(() => vi.unstubAllGlobals());

const base64 = (...bytes: readonly number[]) => btoa(String.fromCharCode(...bytes));

test('a table of words begins at its first value, and what lies beyond takes its ends', async () => {
  const item = {
    '00283002': { vr: 'SS', Value: [3, -1, 12] },
    '00283006': { vr: 'OW', InlineBinary: base64(1, 0, 0, 1, 255, 15) },
  };
  const table = await readLookupTable(item, LUT_ITEM, true);
  expect(table).toMatchObject({ first: -1, bits: 12 });
  expect([-9, -1, 0, 1, 9].map((value) => table && lookUp(table, value))).toEqual([1, 1, 256, 4095, 4095]);
});

test('a table of bytes, of numbers, and one that says 16 bits and has 8', async () => {
  const bytes = { '00283002': { Value: [2, 0, 8] }, '00283006': { InlineBinary: base64(7, 9) } };
  expect((await readLookupTable(bytes, LUT_ITEM, false))?.values).toEqual(Uint16Array.of(7, 9));
  const numbers = { '00283002': { Value: [2, 65535, 16] }, '00283006': { Value: [7, 200] } };
  expect(await readLookupTable(numbers, LUT_ITEM, false)).toMatchObject({ first: 65535, bits: 8 });
});

test('a long table is fetched from the station, by the path alone', async () => {
  const fetched = vi.fn<(address: string) => Promise<Response>>(async () => new Response(Uint8Array.of(1, 0, 2, 0)));
  vi.stubGlobal('fetch', fetched);
  const item = {
    '00283002': { Value: [2, 0, 16] },
    '00283006': { BulkDataURI: 'http://elsewhere/dicomweb/x/bulkdata/1-4' },
  };
  expect((await readLookupTable(item, LUT_ITEM, false))?.values).toEqual(Uint16Array.of(1, 2));
  expect(fetched.mock.calls[0]?.[0]).toBe('/dicomweb/x/bulkdata/1-4');
});

test('a table without data, or with too little, is none', async () => {
  expect(await readLookupTable({}, LUT_ITEM, false)).toBeNull();
  expect(await readLookupTable({ '00283002': { Value: [4, 0, 16] } }, LUT_ITEM, false)).toBeNull();
  const short = { '00283002': { Value: [4, 0, 16] }, '00283006': { InlineBinary: base64(1, 0) } };
  expect(await readLookupTable(short, LUT_ITEM, false)).toBeNull();
});

test('segments: values, a line, and both again', () => {
  const segments = [0, 2, 10, 20, 1, 2, 40, 2, 2, 0, 0];
  expect(unfoldSegments(segments, 8, true)).toEqual(Uint16Array.of(10, 20, 30, 40, 10, 20, 30, 40));
  expect(unfoldSegments([2, 1, 0, 0], 1, true)).toBeNull();
  expect(unfoldSegments([0, 1, 5], 2, true)).toBeNull();
  // Segments of nothing, repeated by hostile many others.
  const empty = Array.from({ length: 2 * 60_000 }, () => 0);
  const repeats = Array.from({ length: 4 * 60_000 }, (_, index) => [2, 60_000, 0, 0][index % 4] ?? 0);
  expect(unfoldSegments([...empty, ...repeats, 0, 1, 5], 1, true)).toBeNull();
});
