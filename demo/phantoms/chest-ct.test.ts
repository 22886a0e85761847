import { expect, test } from 'vitest';
import { type ChestCt, drawChestCt } from './chest-ct.ts';
import { NODULE_KINDS } from './nodule.ts';

const WISH = { seed: 41, matrix: 128, sliceMm: 3, fromToMm: [-6, 36], noiseHu: 0, kernel: 'medium' } as const;

function valuesNear(ct: ChestCt, centre: readonly number[], withinMm: number): number[] {
  const found: number[] = [];
  const size = ct.rows * ct.columns;
  for (const [slice, [x, y, z]] of ct.imagePositions.entries())
    for (let row = 0; row < ct.rows; row += 1)
      for (let column = 0; column < ct.columns; column += 1) {
        const at = [x + column * ct.pixelMm[1], y + row * ct.pixelMm[0], z];
        const away = Math.hypot(...at.map((mm, axis) => mm - (centre[axis] as number)));
        if (away <= withinMm) found.push(ct.hu[slice * size + row * ct.columns + column] as number);
      }
  return found;
}

test('the same wish gives the same voxels, another seed others', () => {
  const wish = { ...WISH, fromToMm: [0, 9] } as const;
  const first = drawChestCt(wish);
  expect(Buffer.compare(Buffer.from(first.hu.buffer), Buffer.from(drawChestCt(wish).hu.buffer))).toBe(0);
  expect(
    Buffer.compare(Buffer.from(first.hu.buffer), Buffer.from(drawChestCt({ ...wish, seed: 42 }).hu.buffer)),
  ).not.toBe(0);
});

test('holds what a chest holds: air around it, lung, fat, muscle, bone and vessels', () => {
  const ct = drawChestCt(WISH);
  const share = (from: number, to: number) =>
    ct.hu.filter((value) => value >= from && value < to).length / ct.hu.length;
  expect(share(-1024, -950)).toBeGreaterThan(0.2);
  expect(share(-950, -750)).toBeGreaterThan(0.15);
  expect(share(-130, -60)).toBeGreaterThan(0.03);
  expect(share(20, 100)).toBeGreaterThan(0.08);
  expect(share(250, 600)).toBeGreaterThan(0.002);
  expect(ct.truth.nodules).toEqual([]);
});

test.each(NODULE_KINDS)('draws a solid nodule that is %s where and as large as it says', (kind) => {
  const ct = drawChestCt({ ...WISH, nodules: [{ kind, diameterMm: 14 }] });
  const [nodule] = ct.truth.nodules;
  if (nodule === undefined) throw new Error('no nodule');
  expect(nodule.kind).toBe(kind);
  expect(nodule.diameterMm).toBeGreaterThan(kind === 'juxtapleural' ? 10 : 12.5);
  expect(nodule.diameterMm).toBeLessThan(15.5);
  expect(nodule.volumeMl).toBeCloseTo((Math.PI / 6000) * nodule.diameterMm ** 3, 6);
  const inside = valuesNear(ct, nodule.centreMm, 3.6);
  expect(inside.length).toBeGreaterThan(1);
  expect(Math.min(...inside)).toBeGreaterThan(0);
  expect(Math.max(...inside)).toBeLessThan(80);
});

test('a small field cuts the body off, thin slices and sharp kernels are noisier', () => {
  const wide = drawChestCt({ ...WISH, fromToMm: [0, 6] });
  const small = drawChestCt({ ...WISH, fromToMm: [0, 6], fieldMm: 240 });
  const atEdge = (ct: ChestCt) => ct.hu[Math.floor(ct.rows / 2) * ct.columns] as number;
  expect(atEdge(wide)).toBeLessThan(-900);
  expect(atEdge(small)).toBeGreaterThan(-900);
  const noise = (sliceMm: number, kernel: ChestCt['kernel']) =>
    drawChestCt({ seed: 41, matrix: 32, fromToMm: [0, 6], sliceMm, kernel }).noiseHu;
  expect(noise(1, 'sharp')).toBeGreaterThan(noise(3, 'sharp'));
  expect(noise(1, 'sharp')).toBeGreaterThan(noise(1, 'soft'));
});
