import { BLEED_KINDS, type BleedWish, MORE_BLEED_KINDS } from '../demo/phantoms/bleed.ts';
import { CHEST_KERNELS, type ChestCtWish } from '../demo/phantoms/chest-ct.ts';
import type { HeadCtWish } from '../demo/phantoms/head-ct.ts';
import { NODULE_KINDS, type NoduleWish } from '../demo/phantoms/nodule.ts';
import { seededRandom } from '../demo/random.ts';

/** Rows and columns of phantoms that are drawn by the hundred. */
const MATRIX = 256;
const CHEST_SLICES_MM = [1, 1.5, 2, 3, 5];

/**
 * What chest number `index` of an evaluation shows: every other one has one or two nodules of 4 to 20 mm, sizes spread evenly over
 * their logarithm, kinds, kernels and slice thicknesses in turn.
 */
export function planChest(first: number, index: number): ChestCtWish {
  const seed = first + index;
  const random = seededRandom(seed, 'evaluation');
  const turn = Math.floor(index / 2);
  const nodule = (number: number): NoduleWish => ({
    kind: NODULE_KINDS[(turn + number) % NODULE_KINDS.length] ?? 'isolated',
    diameterMm: Math.exp(random.between(Math.log(4), Math.log(20))),
  });
  const count = index % 2 === 1 ? 0 : 1 + (turn % 2);
  return {
    seed,
    matrix: MATRIX,
    sliceMm: CHEST_SLICES_MM[turn % CHEST_SLICES_MM.length] ?? 2,
    kernel: CHEST_KERNELS[Math.floor(turn / CHEST_SLICES_MM.length) % CHEST_KERNELS.length] ?? 'medium',
    nodules: Array.from({ length: count }, (_, number) => nodule(number)),
  };
}

export const HEAD_BLEEDS = [...BLEED_KINDS, ...MORE_BLEED_KINDS] as const;
const HEAD_SLICES_MM = [5, 2.5, 5, 3];

/**
 * What head number `index` of an evaluation shows: every other one has a bleed of 2 to 60 ml (small ones to 5, others from 4 on),
 * volumes spread evenly over their logarithm, kinds and slice thicknesses in turn. Tilt and noise are the phantom's own.
 */
export function planHead(first: number, index: number): HeadCtWish {
  const seed = first + index;
  const random = seededRandom(seed, 'evaluation');
  const turn = Math.floor(index / 2);
  const kind = HEAD_BLEEDS[turn % HEAD_BLEEDS.length] ?? 'small';
  const [least, most] = kind === 'small' ? [2, 5] : kind === 'subarachnoid' ? [4, 30] : [4, 60];
  const bleed: BleedWish = { kind, volumeMl: Math.exp(random.between(Math.log(least), Math.log(most))) };
  const sliceMm = HEAD_SLICES_MM[turn % HEAD_SLICES_MM.length] ?? 5;
  return { seed, matrix: MATRIX, sliceMm, slices: Math.round(150 / sliceMm), bleed: index % 2 === 0 ? bleed : null };
}
