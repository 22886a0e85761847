import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import { type ChestCtWish, drawChestCt, type NoduleTruth } from './chest-ct.ts';
import { ctRecords } from './ct-records.ts';
import { enhancedCt } from './enhanced-ct.ts';
import { drawFiducials, fiducialMeasures } from './fiducials.ts';
import type { KnownMeasure } from './known-measures.ts';
import type { Vector } from './reconstruct.ts';
import { type DemoStudy, sealSeries, seriesRecord, sopUidOf, type StudyWish, studyRecord } from './study-objects.ts';
import { VENDORS, type VendorHabits } from './vendors.ts';

/** A chest CT study to make: one series of the lungs. The chest is the seed's, and the same in every study of it. */
export type ChestCtStudyWish = StudyWish &
  Pick<ChestCtWish, 'nodules' | 'matrix' | 'sliceMm' | 'kernel' | 'noiseHu' | 'fromToMm'> & {
    readonly vendor?: VendorHabits;
    /** Tells studies of one chest apart: UIDs, noise and how the patient lies come from it. */
    readonly visit?: number;
    /** Balls of known distance in the air over the patient. */
    readonly withBalls?: boolean;
    /** All slices in one enhanced multi-frame object (PS3.3 §A.38). */
    readonly isEnhanced?: boolean;
  };

/** What is in the study; nodules in the coordinates of its frame of reference. `measures` are of the objects sent. */
export type ChestCtTruth = {
  readonly nodules: readonly NoduleTruth[];
  readonly measures: readonly KnownMeasure[];
  /** SOP instance UIDs from foot to head; of an enhanced object the one, its frames from foot to head. */
  readonly sopUids: readonly string[];
};

const KERNEL_NAMES = { soft: ['B31f'], medium: ['B45f'], sharp: ['B70f'] } as const;
const STEEL_HU = 3000;
const BALLS_FROM_FOOT = 0.5;

/** Makes the objects of a chest CT study without contrast. */
export async function makeChestCtStudy(wish: ChestCtStudyWish): Promise<DemoStudy<ChestCtTruth>> {
  const visit = wish.visit ?? 0;
  const random = seededRandom(wish.seed + visit, 'chest-study');
  const vendor = wish.vendor ?? random.pick(VENDORS);
  const lieMm: Vector = visit === 0 ? [0, 0, 0] : [random.normal() * 6, random.normal() * 4, random.normal() * 20];
  const ct = drawChestCt({ kernel: 'medium', sliceMm: 2, ...wish, noiseSeed: wish.seed * 31 + visit });
  const studyUid = uidFrom('chest-ct', wish.seed, visit, 'study');
  const seriesUid = uidFrom('chest-ct', wish.seed, visit, 'lung');
  const slice = Math.floor(ct.slices * BALLS_FROM_FOOT);
  const balls = wish.withBalls ? drawFiducials(ct.hu, ct, slice, STEEL_HU) : null;
  const description = `Chest ${ct.sliceMm.toFixed(1)} ${KERNEL_NAMES[ct.kernel][0]}`;
  const studyDescription = wish.studyDescription ?? 'CT CHEST WITHOUT CONTRAST';
  const { manufacturer, model } = vendor;
  const machine = { manufacturer, model, station: 'DEMOCT2', serial: '20001' };
  const plain = ctRecords({
    wish,
    vendor,
    header: {
      ...studyRecord({ ...wish, studyDescription }, machine, studyUid),
      ...seriesRecord(wish, {
        ...{ modality: 'CT', bodyPart: 'CHEST', protocol: 'ThoraxRoutine', patientPosition: 'HFS' },
        ...{ seriesUid, number: 2, description },
      }),
      FrameOfReferenceUID: uidFrom('chest-ct', wish.seed, visit, 'frame-of-reference'),
      PositionReferenceIndicator: 'XY',
    },
    ...{ ct, seriesUid, number: 2, kernel: KERNEL_NAMES[ct.kernel], lieMm, window: { centre: -500, width: 1500 } },
  });
  const records = wish.isEnhanced ? [enhancedCt(plain, uidFrom(seriesUid, 'enhanced'))] : plain;
  const sopUids = records.map(sopUidOf);
  const place = (at: number) =>
    wish.isEnhanced ? { sopUid: sopUids[0] ?? '', frame: at + 1 } : { sopUid: sopUids[at] ?? '', frame: 1 };
  const [series] = await sealSeries(wish, [{ seriesUid, description, records }]);
  if (series === undefined) throw new Error('nothing was sealed');
  return {
    studyUid,
    series: [series],
    truth: {
      nodules: ct.truth.nodules.map((nodule) => ({ ...nodule, centreMm: moved(nodule.centreMm, lieMm) })),
      measures: [
        ...(balls === null ? [] : fiducialMeasures(balls, place(balls.slice).sopUid, place(balls.slice).frame)),
        ...ct.truth.nodules.flatMap((nodule, index): readonly KnownMeasure[] => {
          const [corner] = ct.imagePositions;
          if (corner === undefined || nodule.diameterMm < 8) return [];
          const [x, y, z] = nodule.centreMm;
          const centre = [(x - corner[0]) / ct.pixelMm[1], (y - corner[1]) / ct.pixelMm[0]] as const;
          const radiusPixels = (nodule.diameterMm * 0.28) / ct.pixelMm[0];
          const through = place(Math.round((z - corner[2]) / ct.sliceMm));
          return [
            {
              ...({ kind: 'mean', name: `inside nodule ${index + 1}`, ...through, centre, radiusPixels } as const),
              ...({ value: nodule.hu, tolerance: 10 + ct.noiseHu, unit: 'HU' } as const),
            },
          ];
        }),
      ],
      sopUids,
    },
  };
}

/** One person's nodule at two times. */
export type GrowingNodule = {
  readonly prior: DemoStudy<ChestCtTruth>;
  readonly current: DemoStudy<ChestCtTruth>;
  readonly daysBetween: number;
  /** By the volumes that were drawn. */
  readonly doublingDays: number;
};

const DAY_MS = 86_400_000;

/**
 * Makes a chest CT and its prior: the same chest, lying elsewhere on the table, with a solid nodule that doubled its volume in
 * about `doublingDays`. The wish is of the current study.
 */
export async function makeGrowingNodule(
  wish: Omit<ChestCtStudyWish, 'nodules' | 'visit'> & {
    readonly diameterMm: number;
    readonly doublingDays: number;
    readonly daysBetween: number;
    readonly priorAccession: string;
  },
): Promise<GrowingNodule> {
  const { diameterMm, daysBetween, doublingDays } = wish;
  const kind = 'isolated' as const;
  // Only to learn where there is room for it.
  const [found] = drawChestCt({ ...wish, matrix: 16, sliceMm: 5, nodules: [{ kind, diameterMm }] }).truth.nodules;
  if (found === undefined) throw new Error('the nodule was not drawn');
  const before = diameterMm / Math.cbrt(2 ** (daysBetween / doublingDays));
  const at = { kind, atMm: found.centreMm };
  const current = await makeChestCtStudy({ ...wish, visit: 0, nodules: [{ ...at, diameterMm }] });
  const prior = await makeChestCtStudy({
    ...wish,
    ...{ visit: 1, accession: wish.priorAccession, atMs: wish.atMs - daysBetween * DAY_MS },
    nodules: [{ ...at, diameterMm: before }],
  });
  const growth = (current.truth.nodules[0]?.volumeMl ?? 0) / (prior.truth.nodules[0]?.volumeMl ?? 0);
  return { prior, current, daysBetween, doublingDays: daysBetween / Math.log2(growth) };
}

function moved(point: Vector, by: Vector): Vector {
  return [point[0] + by[0], point[1] + by[1], point[2] + by[2]];
}
