import { afterEach, expect, test, vi } from 'vitest';
import { fetchStoredWords } from './native-frame.ts';
import { lostOverlayGroups, readOverlays } from './overlay-planes.ts';
import { pixelFormatOf } from './pixel-format.ts';
import { presentedValues } from './presentation-table.ts';
import { shutteredPixels, shutterGroupOf } from './shutters.ts';

const of = (vr: string, ...Value: readonly unknown[]) => ({ vr, Value: [...Value] });

afterEach(() => vi.unstubAllGlobals());

/** Two rows of two pixels of 12 bits, with an overlay in bit 12. */
const EMBEDDED = {
  '00280010': of('US', 2),
  '00280011': of('US', 2),
  '00280100': of('US', 16),
  '00280101': of('US', 12),
  '60000010': of('US', 2),
  '60000011': of('US', 2),
  '60000050': of('SS', 1, 1),
  '60000100': of('US', 16),
  '60000102': of('US', 12),
};

test('an overlay within big-endian pixels is read from the words as they were stored', async () => {
  const asked = vi.fn<(address: string, init: RequestInit) => Promise<Response>>(() =>
    Promise.resolve(new Response(Uint8Array.of(0x10, 0x01, 0x00, 0x02, 0x00, 0x03, 0x1f, 0xff))),
  );
  vi.stubGlobal('fetch', asked);
  const words = await fetchStoredWords('wadors:/instances/1/frames/1#9.9', pixelFormatOf(EMBEDDED));
  expect(asked.mock.calls[0]?.[0]).toBe('/instances/1/frames/1');
  expect(JSON.stringify(asked.mock.calls[0]?.[1].headers)).toContain('1.2.840.10008.1.2.2');
  expect((await readOverlays(EMBEDDED, words)).map(({ bits, group }) => [[...bits], group])).toEqual([
    [[1, 0, 0, 1], '6000'],
  ]);
  expect(await readOverlays({ ...EMBEDDED, 'hidden-overlays': of('LO', '6000') }, words)).toEqual([]);
});

test('a compressed frame has no such words, and the overlays within are known to be lost where they would be shown', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}', { status: 406 })));
  const words = await fetchStoredWords('wadors:/instances/1/frames/1', pixelFormatOf(EMBEDDED));
  expect(words).toBeNull();
  const hidden = { ...EMBEDDED, 'hidden-overlays': of('LO', '6000') };
  expect([EMBEDDED, hidden, {}].map((one) => lostOverlayGroups(one, words))).toEqual([['6000'], [], []]);
  expect(lostOverlayGroups(EMBEDDED, new Uint8Array(8))).toEqual([]);
});

test('a bitmap hides what its bits say, together with other shutters, and is no overlay then', () => {
  const dataSet = {
    '00181600': of('CS', 'BITMAP', 'RECTANGULAR'),
    '00181602': of('IS', 1),
    '00181604': of('IS', 2),
    '00181606': of('IS', 1),
    '00181608': of('IS', 3),
    '00181623': of('US', 0x6002),
  };
  expect(shutterGroupOf(dataSet)).toBe('6002');
  expect(shutterGroupOf({ ...dataSet, '00181600': of('CS', 'RECTANGULAR') })).toBeNull();
  const bitmap = { rows: 2, columns: 1, top: 1, left: 0, bits: Uint8Array.of(1, 0), label: null, group: '6002' };
  expect([...(shutteredPixels(dataSet, 3, 3, bitmap) ?? [])]).toEqual([0, 0, 1, 1, 0, 1, 0, 0, 1]);
});

test('what comes out of a window or a table is looked up over the whole presentation table', () => {
  const inverse = { first: 0, values: Uint16Array.of(255, 170, 85, 0), bits: 8 };
  const exact = { centre: 50, width: 90, shape: 'LINEAR_EXACT' } as const;
  expect([...presentedValues([0, 5, 35, 65, 95, 500], exact, inverse)]).toEqual([255, 255, 170, 85, 0, 0]);
  const voi = { first: 10, values: Uint16Array.of(0, 3), bits: 2 };
  expect([...presentedValues([9, 10, 11, 12], voi, inverse)]).toEqual([255, 255, 0, 0]);
});
