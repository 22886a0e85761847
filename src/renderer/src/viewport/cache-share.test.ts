import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CACHE_BYTES, imagesAhead, shareOf } from './cache-share.ts';

test('windows share one budget, and one image is always loaded', () => {
  const MiB = 2 ** 20;
  expect([0, 1, 2, 3].map((windows) => shareOf(windows) / MiB)).toEqual(
    [512, 512, 256, 512 / 3].map((one) => Math.floor(one * MiB) / MiB),
  );
  // 2,000 slices of 512 × 512 × 16 bit, and the same as floating point values.
  expect([
    imagesAhead(CACHE_BYTES, 1, MiB / 2),
    imagesAhead(CACHE_BYTES, 1, MiB),
    imagesAhead(MiB, 4, 50 * MiB),
  ]).toEqual([768, 384, 1]);
});

test('what all views load ahead fits their share, however many there are and whatever an image takes', () => {
  fc.assert(
    fc.property(
      ...([
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 2 ** 24 }),
      ] as const),
      (windows, views, imageBytes) => {
        const share = shareOf(windows);
        const kept = imagesAhead(share, views, imageBytes) * imageBytes * views;
        return kept <= share && share * Math.min(windows, 5) <= CACHE_BYTES;
      },
    ),
  );
});
