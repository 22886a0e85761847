import { expect, test } from 'vitest';
import { decodeJpeg } from './jpeg.ts';
import { encodeJpeg } from './encode-image.ts';

const noise = (length: number) => {
  let seed = 1;
  return Uint8Array.from({ length }, () => (seed = (seed * 48_271) % 2_147_483_647) & 0xff);
};
const decoded = (bytes: Uint8Array, rows: number, columns: number, samplesPerPixel: number) =>
  decodeJpeg({
    ...{ bytes, rows, columns, samplesPerPixel, transferSyntaxUid: '1.2.840.10008.1.2.4.50', vr: 'OB', bitOffset: 0 },
    ...{ bitsAllocated: 8, bitsStored: 8, highBit: 7, pixelRepresentation: 0, planarConfiguration: 0 },
    photometricInterpretation: samplesPerPixel === 1 ? 'MONOCHROME2' : 'YBR_FULL',
  });
/** ITU-R BT.601 as JFIF has it. */
const toRgb = (samples: ArrayLike<number>) =>
  Array.from({ length: samples.length / 3 }, (_, pixel) => {
    const [y, cb, cr] = [0, 1, 2].map((at) => samples[pixel * 3 + at] ?? 0) as [number, number, number];
    const rgb = [y + 1.402 * (cr - 128), y - 0.344 * (cb - 128) - 0.714 * (cr - 128), y + 1.772 * (cb - 128)];
    return rgb.map((value) => Math.min(255, Math.max(0, value)));
  }).flat();

test('encodes every size from 1 by 1 to 32 by 32, of noise too, as a JPEG of that size that shows the image', async () => {
  for (const channels of [1, 3] as const)
    for (let side = 1; side <= 32; side += 1)
      for (const [rows, columns] of [
        [side, side],
        [side, 33 - side],
      ] as const) {
        const bytes = noise(rows * columns * channels);
        const back = decoded(await encodeJpeg({ rows, columns, channels, bytes }, 100), rows, columns, channels);
        const samples = back.ok ? (back.value.samples as Uint8Array) : [];
        const shown = channels === 1 ? Array.from(samples) : toRgb(samples);
        const worst = Math.max(...Array.from(bytes, (value, at) => Math.abs(value - (shown[at] ?? Infinity))));
        expect({ rows, columns, channels, isLike: worst <= (channels === 1 ? 6 : 16) }).toEqual({
          ...{ rows, columns, channels, isLike: true },
        });
      }
});

test('encodes noise at the best quality, where the JPEG is longer than the image', async () => {
  const bytes = noise(512 * 512);
  const encoded = await encodeJpeg({ rows: 512, columns: 512, channels: 1, bytes }, 100);
  expect(encoded.length).toBeGreaterThan(bytes.length);
  expect(decoded(encoded, 512, 512, 1).ok).toBe(true);
});

test('starts a codec anew after one that threw', async () => {
  const broken = { rows: 8, columns: 8, channels: 1 as const, bytes: noise(8 * 8 * 40) };
  await expect(encodeJpeg(broken, 90)).rejects.toThrow('offset is out of bounds');
  const encoded = await encodeJpeg({ ...broken, bytes: noise(64) }, 90);
  expect(decoded(encoded, 8, 8, 1).ok).toBe(true);
});
