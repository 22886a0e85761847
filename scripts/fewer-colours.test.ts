import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodePng } from '../src/main/station/dicom/pixel/encode-image.ts';
import { withFewerColours } from './fewer-colours.ts';

/** The colours of a PNG with a palette, pixel after pixel. */
function coloursOf(png: Buffer, width: number): readonly (readonly number[])[] {
  const chunk = (name: string) => {
    const at = png.indexOf(name, 0, 'latin1');
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
  };
  const palette = chunk('PLTE');
  return [...inflateSync(chunk('IDAT'))]
    .filter((_, index) => index % (width + 1) !== 0)
    .map((place) => [...palette.subarray(place * 3, place * 3 + 3)]);
}

test('few colours stay as they are', () => {
  const bytes = Uint8Array.from([1, 2, 3, 250, 0, 9, 1, 2, 3, 77, 78, 79]);
  const small = withFewerColours(encodePng({ rows: 2, columns: 2, channels: 3, bytes }));
  expect(coloursOf(small, 2).flat()).toEqual([...bytes]);
});

test('of many colours the frequent stay as they are and the others come close', () => {
  const [columns, rows] = [128, 64];
  const ground = [17, 19, 21];
  const bytes = Uint8Array.from({ length: columns * rows * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    if (pixel % 2 === 0) return ground[index % 3] ?? 0;
    return [pixel % columns, Math.floor(pixel / columns) * 4, 200][index % 3] ?? 0;
  });
  const small = coloursOf(withFewerColours(encodePng({ rows, columns, channels: 3, bytes })), columns).flat();
  const off = small.map((value, index) => Math.abs(value - (bytes[index] ?? 0)));
  expect(Math.max(...off.filter((_, index) => Math.floor(index / 3) % 2 === 0))).toBe(0);
  expect(Math.max(...off)).toBeLessThan(24);
  expect(new Set(Array.from({ length: rows * columns }, (_, at) => small.slice(at * 3, at * 3 + 3).join())).size).toBe(
    256,
  );
});

test('what is no picture of a browser is refused', () => {
  expect(() => withFewerColours(Buffer.from('GIF89a'))).toThrow('no PNG');
  const grey = encodePng({ rows: 1, columns: 1, channels: 1, bytes: Uint8Array.of(7) });
  expect(() => withFewerColours(grey)).toThrow('not a PNG as browsers take them');
});
