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

const HEAD_BLEEDS = [...BLEED_KINDS, ...MORE_BLEED_KINDS] as const;
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

export const QUALITY_PROBLEMS = ['none', 'high-noise', 'motion', 'truncated-field', 'missing-slices'] as const;
export type QualityProblem = (typeof QUALITY_PROBLEMS)[number];
/** A series with one thing wrong with it, or nothing: which phantom, and which of its slices are lost. */
export type QualityPlan = {
  readonly problem: QualityProblem;
  readonly phantom:
    | { readonly of: 'head'; readonly wish: HeadCtWish }
    | { readonly of: 'chest'; readonly wish: ChestCtWish };
  readonly lost: readonly number[];
};

/**
 * What is wrong with series number `index` of an evaluation: every other one nothing, else noise of one and a half to three times
 * what is flagged, a head that lies 3 to 12 mm elsewhere from some slice on or for a few slices, a field that cuts 1 to 4 cm of the
 * body off, or one to three neighbouring slices that are lost. Heads, and every third one a chest, which does not move here.
 */
export function planQuality(first: number, index: number): QualityPlan {
  const seed = first + index;
  const random = seededRandom(seed, 'evaluation');
  const turn = Math.floor(index / 2);
  const wrong = QUALITY_PROBLEMS[1 + (turn % (QUALITY_PROBLEMS.length - 1))] ?? 'none';
  const problem = index % 2 === 0 ? wrong : 'none';
  const isChest = turn % 3 === 2 && wrong !== 'motion';
  const lostFrom = random.whole(5, 20);
  const lost = problem === 'missing-slices' ? Array.from({ length: random.whole(1, 3) }, (_, at) => lostFrom + at) : [];
  const worse = random.between(1.5, 3);
  const cut = random.between(10, 40);
  if (isChest) {
    const wish: ChestCtWish = {
      ...{ seed, matrix: MATRIX, sliceMm: 5, fromToMm: [-70, 80] },
      ...(problem === 'high-noise' && { noiseHu: 45 * worse }),
      ...(problem === 'truncated-field' && { fieldMm: 2 * (150 - cut) }),
    };
    return { problem, phantom: { of: 'chest', wish }, lost };
  }
  const from = random.whole(6, 20);
  const away = random.between(3, 12);
  const turned = random.between(0, 2 * Math.PI);
  const to = random.chance(0.5) ? 100 : from + random.whole(1, 4);
  const movement = { from, to, mm: [away * Math.cos(turned), away * Math.sin(turned), 0] } as const;
  const wish: HeadCtWish = {
    ...{ seed, matrix: MATRIX, sliceMm: 5, slices: 30 },
    ...(problem === 'high-noise' && { noiseHu: 12 * worse }),
    ...(problem === 'motion' && { movement }),
    ...(problem === 'truncated-field' && { fieldMm: 2 * (95 - cut / 2) }),
  };
  return { problem, phantom: { of: 'head', wish }, lost };
}
