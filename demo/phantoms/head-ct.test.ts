import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { BLEED_KINDS } from './bleed.ts';
import { drawHeadCt, type HeadCt } from './head-ct.ts';

const SMALL = { matrix: 128, slices: 28 } as const;
const digest = (ct: HeadCt) => createHash('sha256').update(new Uint8Array(ct.hu.buffer)).digest('hex');

test('the same wish gives the same voxels, another seed others', () => {
  const wish = { ...SMALL, seed: 11, bleed: { kind: 'subdural', volumeMl: 20 } } as const;
  expect(digest(drawHeadCt(wish))).toBe(digest(drawHeadCt(wish)));
  expect(digest(drawHeadCt({ ...wish, seed: 12 }))).not.toBe(digest(drawHeadCt(wish)));
});

test('a bleed changes the head only where it is: the rest is the same head without one', () => {
  const without = drawHeadCt({ ...SMALL, seed: 21 });
  const ct = drawHeadCt({ ...SMALL, seed: 21, bleed: { kind: 'intraparenchymal', volumeMl: 10 } });
  const changed = ct.hu.reduce((count, value, voxel) => count + (value === without.hu[voxel] ? 0 : 1), 0);
  const voxelMl = (ct.pixelMm[0] * ct.pixelMm[1] * ct.sliceMm) / 1000;
  expect(without.truth).toMatchObject({ bleed: null });
  expect(changed * voxelMl).toBeGreaterThan(8);
  expect(changed * voxelMl).toBeLessThan(40); // blood and the swelling around it
});

test.each(BLEED_KINDS)('draws a %s bleed of the wished volume on the wished side, brighter than brain', (kind) => {
  const volumeMl = kind === 'small' ? 4 : 25;
  for (const side of ['left', 'right'] as const) {
    const ct = drawHeadCt({ ...SMALL, seed: 31, bleed: { kind, volumeMl, side } });
    const { bleed, mask } = ct.truth;
    if (bleed === null) throw new Error('no bleed');
    expect(Math.abs(bleed.volumeMl - volumeMl)).toBeLessThan(0.12 * volumeMl);
    expect([bleed.side, bleed.centreMm[0] > 0]).toEqual([side, side === 'left']); // x grows to the patient's left
    const inside = ct.hu.filter((_, voxel) => mask[voxel] === 1);
    const voxelMl = (ct.pixelMm[0] * ct.pixelMm[1] * ct.sliceMm) / 1000;
    expect(Math.abs(inside.length * voxelMl - volumeMl)).toBeLessThan(0.2 * volumeMl);
    const median = inside.toSorted()[Math.floor(inside.length / 2)] ?? 0; // at its rim bone shines into a subdural bleed
    expect(median).toBeGreaterThan(50);
    expect(median).toBeLessThan(90);
  }
});

test('the centre of the bleed is the centre of its mask in patient coordinates, with a tilted gantry too', () => {
  const wish = {
    seed: 41,
    matrix: 256,
    slices: 30,
    gantryTiltDegrees: 15,
    bleed: { kind: 'intraparenchymal', volumeMl: 30 },
  } as const;
  const ct = drawHeadCt(wish);
  const sum = [0, 0, 0];
  let count = 0;
  const [, , , cx, cy, cz] = ct.imageOrientation;
  for (let voxel = 0; voxel < ct.hu.length; voxel += 1) {
    if (ct.truth.mask[voxel] !== 1) continue;
    const slice = Math.floor(voxel / (ct.rows * ct.columns));
    const row = Math.floor(voxel / ct.columns) % ct.rows;
    const column = voxel % ct.columns;
    const [x, y, z] = ct.imagePositions[slice] ?? [0, 0, 0];
    const down = row * ct.pixelMm[0];
    for (const [axis, value] of [x + column * ct.pixelMm[1] + down * cx, y + down * cy, z + down * cz].entries()) {
      sum[axis] = (sum[axis] ?? 0) + value;
    }
    count += 1;
  }
  const { centreMm } = ct.truth.bleed ?? { centreMm: [0, 0, 0] };
  expect(Math.hypot(...sum.map((value, axis) => value / count - (centreMm[axis] ?? 0)))).toBeLessThan(1);
});

test('holds what a head holds: air, fat, fluid, grey and white matter, bone', () => {
  const ct = drawHeadCt({ ...SMALL, seed: 51, noiseHu: 0 });
  const share = (from: number, to: number) =>
    ct.hu.filter((value) => value >= from && value < to).length / ct.hu.length;
  expect(share(-1024, -900)).toBeGreaterThan(0.3);
  expect(share(-120, -40)).toBeGreaterThan(0.002);
  expect(share(0, 15)).toBeGreaterThan(0.001);
  expect(share(20, 45)).toBeGreaterThan(0.1);
  expect(share(500, 3071)).toBeGreaterThan(0.03);
});
