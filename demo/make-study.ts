import type { BleedWish } from './phantoms/bleed.ts';
import { makeBrainMr } from './phantoms/brain-mr.ts';
import { makeChestCtStudy } from './phantoms/chest-ct-series.ts';
import { makeChestRadiograph } from './phantoms/chest-radiograph.ts';
import { makeHandRadiograph } from './phantoms/hand-radiograph.ts';
import { makeHeadCtStudy } from './phantoms/head-ct-series.ts';
import { makeMammogram } from './phantoms/mammogram.ts';
import type { NoduleWish } from './phantoms/nodule.ts';
import type { Vector } from './phantoms/reconstruct.ts';
import { makePetCt } from './phantoms/pet-ct.ts';
import type { DemoStudy, StudyWish } from './phantoms/study-objects.ts';
import { makeUltrasound } from './phantoms/ultrasound.ts';
import { VENDORS } from './phantoms/vendors.ts';

/** What the pretend hospital examines. */
export const STUDY_KINDS = [
  'head-ct',
  'chest-ct',
  'chest-radiograph',
  'hand-radiograph',
  'mammogram',
  'brain-mr',
  'ultrasound',
  'pet-ct',
] as const;
export type StudyKind = (typeof STUDY_KINDS)[number];

/** A study to make: what of it matters to its kind is used. */
export type PlannedStudy = {
  readonly kind: StudyKind;
  readonly wish: StudyWish;
  /** As many pixels as a newcomer should see, or as few as a long history has room for. */
  readonly size: 'full' | 'small';
  readonly bleed?: BleedWish | null;
  readonly nodule?: NoduleWish | null;
  readonly withThinBone?: boolean;
  /** Of a chest CT: another study of the same chest. */
  readonly visit?: number;
};

const UNICODE_VENDOR = VENDORS.find(({ characterSet }) => characterSet === 'ISO_IR 192');
/** Heights that a small chest CT covers, in mm. */
const SMALL_CHEST: readonly [number, number] = [-40, 40];

const MAKERS: Readonly<Record<StudyKind, (plan: PlannedStudy, isSmall: boolean) => Promise<DemoStudy<unknown>>>> = {
  'head-ct': async ({ wish, bleed = null, withThinBone = false }, isSmall) =>
    makeHeadCtStudy({
      ...{ ...wish, bleed, ...(isSmall ? { matrix: 128, withScout: false } : { withThinBone }) },
      // A name in another script needs a scanner that writes it.
      ...(wish.characterSet && UNICODE_VENDOR && { vendor: UNICODE_VENDOR }),
    }),
  'chest-ct': ({ wish, nodule, visit = 0 }, isSmall) =>
    makeChestCtStudy({
      ...{ ...wish, visit, nodules: nodule ? [nodule] : [] },
      ...(isSmall
        ? { matrix: 128, sliceMm: 5, fromToMm: widened(SMALL_CHEST, nodule?.atMm) }
        : { matrix: 320, sliceMm: 3 }),
    }),
  'chest-radiograph': ({ wish, nodule }, isSmall) =>
    makeChestRadiograph({
      ...{ ...wish, matrix: isSmall ? 256 : 1024, isInverse: wish.seed % 3 === 0 },
      ...(nodule && { noduleMm: nodule.diameterMm }),
    }),
  'hand-radiograph': ({ wish }, isSmall) =>
    makeHandRadiograph({ ...wish, rows: isSmall ? 320 : 1024, isInverse: wish.seed % 2 === 0 }),
  mammogram: ({ wish, nodule }, isSmall) =>
    makeMammogram({
      ...{ ...wish, rows: isSmall ? 240 : 1200 },
      ...(nodule && { mass: { side: wish.seed % 2 === 0 ? 'R' : 'L', diameterMm: nodule.diameterMm } }),
    }),
  'brain-mr': ({ wish, nodule }, isSmall) =>
    makeBrainMr({
      ...{ ...wish, isEnhanced: wish.seed % 3 === 0, ...(isSmall && { matrix: 96, slices: 10 }) },
      ...(nodule && { lesionMm: nodule.diameterMm }),
    }),
  ultrasound: ({ wish }, isSmall) =>
    makeUltrasound({ ...wish, ...(isSmall ? { columns: 160, frames: 10 } : { columns: 400 }) }),
  'pet-ct': ({ wish }, isSmall) =>
    makePetCt({ ...wish, ...(isSmall ? { matrix: 64, fromToMm: SMALL_CHEST } : { matrix: 128 }) }),
};

/** Makes the objects of a planned study, with what is in it. The same plan gives the same bytes. */
export function makeStudy(plan: PlannedStudy): Promise<DemoStudy<unknown>> {
  return MAKERS[plan.kind](plan, plan.size === 'small');
}

function widened([low, high]: readonly [number, number], around: Vector | undefined): readonly [number, number] {
  return around === undefined ? [low, high] : [Math.min(low, around[2] - 20), Math.max(high, around[2] + 20)];
}
