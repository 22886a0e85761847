import { expect, test } from 'vitest';
import { changedParts } from './changed-parts.ts';

test('gives what a change made different, however deep, and not what a camera rounds', () => {
  const before = { zoom: 1, pan: [0, 0], window: { lower: 0, upper: 80 }, rotation: 0, isFlipped: false };
  const after = { ...before, zoom: 1 + 1e-9, pan: [-0, 1e-12], window: { lower: 0, upper: 400 }, isFlipped: true };
  expect(changedParts(before, after)).toEqual({ window: { lower: 0, upper: 400 }, isFlipped: true });
  expect(changedParts(after, before)).toEqual({ window: { lower: 0, upper: 80 }, isFlipped: false });
  expect(changedParts({ pan: null as object | null, area: undefined }, { pan: { x: 1 }, area: undefined })).toEqual({
    pan: { x: 1 },
  });
});
