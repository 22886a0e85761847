import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import { chestAnatomy } from './chest-anatomy.ts';
import { drawChestCt } from './chest-ct.ts';
import { drawChestShape } from './chest-shape.ts';
import { ctRecords } from './ct-records.ts';
import { drawFolds } from './folds.ts';
import type { KnownMeasure } from './known-measures.ts';
import { coded } from './projection-record.ts';
import type { Vector } from './reconstruct.ts';
import {
  type DemoStudy,
  localTime,
  rounded,
  sealSeries,
  seriesRecord,
  type StudyWish,
  studyRecord,
  timeRecord,
} from './study-objects.ts';
import { VENDORS } from './vendors.ts';

/** A PET/CT of the chest to make: a CT and a PET in one frame of reference, with one hot nodule. */
export type PetCtWish = StudyWish & {
  /** Rows and columns of the PET; the CT has twice as many. 128 unless told. */
  readonly matrix?: number;
  readonly noduleMm?: number;
  readonly noduleSuv?: number;
  readonly fromToMm?: readonly [number, number];
};

/** SUV by body weight, in g/ml, as drawn. */
export type PetCtTruth = {
  readonly nodule: { readonly centreMm: Vector; readonly diameterMm: number; readonly suv: number };
  readonly ctSeriesUid: string;
  readonly petSeriesUid: string;
  readonly weightKg: number;
  /** At injection. */
  readonly doseBq: number;
  readonly injectedBeforeScanSeconds: number;
  readonly measures: readonly KnownMeasure[];
};

const PET_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.128';
const SLICE_MM = 4;
const HALF_LIFE_S = 6586.2;
const UPTAKE_S = 3600;
const DOSE_BQ = 320_000_000;
const BED_S = 120;
const NOISE_SHARE = 0.04;
/** What tissues take up. */
const SUV = { air: 0, lung: 0.45, blood: 1.7, soft: 0.7, bone: 1.2, liver: 2.1 } as const;

/** Makes the objects. The PET is in BQML, corrected for decay to the start of the series (PS3.3 §C.8.9.1). */
export async function makePetCt(wish: PetCtWish): Promise<DemoStudy<PetCtTruth>> {
  const random = seededRandom(wish.seed, 'pet-ct');
  const weightKg = Math.round(random.between(55, 95));
  const suv = wish.noduleSuv ?? 8;
  const matrix = wish.matrix ?? 128;
  const fromToMm = wish.fromToMm ?? ([-90, 90] as const);
  const [vendor] = VENDORS;
  if (vendor === undefined) throw new Error('there are no vendors');
  const ct = drawChestCt({
    ...{ seed: wish.seed, matrix: matrix * 2, sliceMm: SLICE_MM, kernel: 'soft', fromToMm },
    nodules: [{ kind: 'isolated', diameterMm: wish.noduleMm ?? 26 }],
  });
  const [truth] = ct.truth.nodules;
  const [first] = ct.imagePositions;
  if (truth === undefined || first === undefined) throw new Error('the nodule was not drawn');
  const pixelMm = ct.pixelMm[0] * 2;
  // The corner of the first pixel is the CT's; its middle is not.
  const shift = ct.pixelMm[0] / 2;
  const positions = ct.imagePositions.map((at): Vector => [at[0] + shift, at[1] + shift, at[2]]);
  const suvs = drawUptake({ seed: wish.seed, positions, matrix, pixelMm, nodule: { ...truth, suv } });
  const [studyUid, ctSeriesUid, petSeriesUid] = ['study', 'ct', 'pet'].map((part) =>
    uidFrom('pet-ct', wish.seed, part),
  );
  if (studyUid === undefined || ctSeriesUid === undefined || petSeriesUid === undefined) throw new Error('no UIDs');
  const machine = { manufacturer: 'Northlight Imaging', model: 'Corona PET', station: 'DEMOPT1', serial: '70001' };
  const study = {
    ...studyRecord({ studyDescription: 'PET CT CHEST FDG', ...wish }, machine, studyUid),
    ...{ PatientWeight: weightKg, PatientSize: 1.72 },
    ...{ FrameOfReferenceUID: uidFrom('pet-ct', wish.seed, 'frame-of-reference'), PositionReferenceIndicator: 'XY' },
  };
  const header = (modality: string, seriesUid: string, number: number, description: string): DicomRecord => ({
    ...study,
    ...seriesRecord(wish, {
      ...{ modality, bodyPart: 'CHEST', protocol: 'PET_CT', seriesUid, number, description },
      // A PET says it by codes, and then not also so (PS3.3 §C.8.4.6).
      ...(modality === 'CT' && { patientPosition: 'HFS' }),
    }),
  });
  const petNumber = 3;
  const scanAfterS = petNumber * 20;
  const bqPerSuv = (DOSE_BQ * 0.5 ** (UPTAKE_S / HALF_LIFE_S)) / (weightKg * 1000);
  const size = matrix * matrix;
  const injected = localTime(wish, scanAfterS - UPTAKE_S);
  const pet = positions.map((position, slice): DicomRecord => {
    const values = suvs.subarray(slice * size, (slice + 1) * size);
    const highest = values.reduce((most, value) => Math.max(most, value), 0.1) * bqPerSuv;
    const slope = Number((highest / 32_767).toPrecision(8));
    return {
      ...header('PT', petSeriesUid, petNumber, 'PET AC'),
      ...timeRecord(wish, scanAfterS),
      SOPClassUID: PET_IMAGE_STORAGE,
      SOPInstanceUID: uidFrom(petSeriesUid, slice),
      InstanceNumber: slice + 1,
      ImageIndex: slice + 1,
      ImageType: ['ORIGINAL', 'PRIMARY'],
      ...{ Units: 'BQML', CountsSource: 'EMISSION', SeriesType: ['STATIC', 'IMAGE'], NumberOfSlices: positions.length },
      ...{ CorrectedImage: ['NORM', 'DTIM', 'ATTN', 'SCAT', 'DECY', 'RAN'], DecayCorrection: 'START' },
      ...{ CollimatorType: 'NONE', RandomsCorrectionMethod: 'DLYD', AttenuationCorrectionMethod: 'CT' },
      ...{ ScatterCorrectionMethod: 'MODEL', ReconstructionMethod: 'OSEM 3i24s', DecayFactor: 1 },
      ...{
        FrameReferenceTime: (BED_S * 1000) / 2,
        ActualFrameDuration: BED_S * 1000,
        PatientGantryRelationshipCodeSequence: null,
      },
      ...{ PatientOrientationCodeSequence: [coded(['102538003', 'SCT', 'recumbent'])] },
      RadiopharmaceuticalInformationSequence: [
        {
          Radiopharmaceutical: 'Fluorodeoxyglucose',
          RadionuclideCodeSequence: [coded(['77004003', 'SCT', '^18^Fluorine'])],
          RadiopharmaceuticalStartTime: injected.time,
          RadiopharmaceuticalStartDateTime: `${injected.date}${injected.time}`,
          RadionuclideTotalDose: DOSE_BQ,
          RadionuclideHalfLife: HALF_LIFE_S,
          RadionuclidePositronFraction: 0.97,
        },
      ],
      ImagePositionPatient: position.map(rounded),
      ImageOrientationPatient: ct.imageOrientation,
      SliceThickness: SLICE_MM,
      PixelSpacing: [rounded(pixelMm), rounded(pixelMm)],
      ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: matrix, Columns: matrix },
      ...{ BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 1 },
      PixelData: Int16Array.from(values, (value) => Math.round((value * bqPerSuv) / slope)),
      ...{ RescaleIntercept: 0, RescaleSlope: slope },
      ...{ WindowCenter: Math.round(bqPerSuv * 4), WindowWidth: Math.round(bqPerSuv * 8) },
    };
  });
  const ctRecord = ctRecords({
    ...{ wish, vendor, ct, seriesUid: ctSeriesUid, number: 2, kernel: ['B31f'], window: { centre: 40, width: 400 } },
    header: header('CT', ctSeriesUid, 2, 'CT AC 4.0 B31f'),
  });
  const slice = Math.round((truth.centreMm[2] - first[2]) / SLICE_MM);
  const [corner] = positions;
  const at = (axis: 0 | 1) => (truth.centreMm[axis] - (corner?.[axis] ?? 0)) / pixelMm;
  const measures: readonly KnownMeasure[] = [
    {
      ...{ kind: 'mean', name: 'inside the hot nodule', sopUid: uidFrom(petSeriesUid, slice), frame: 1 },
      ...{ centre: [at(0), at(1)], radiusPixels: (truth.diameterMm * 0.25) / pixelMm, value: suv, unit: 'SUVbw' },
      tolerance: suv * NOISE_SHARE * 2,
    },
  ];
  return {
    studyUid,
    series: await sealSeries(wish, [
      { seriesUid: ctSeriesUid, description: 'CT AC 4.0 B31f', records: ctRecord },
      { seriesUid: petSeriesUid, description: 'PET AC', records: pet },
    ]),
    truth: {
      nodule: { centreMm: truth.centreMm, diameterMm: truth.diameterMm, suv },
      ...{ ctSeriesUid, petSeriesUid, weightKg, doseBq: DOSE_BQ, injectedBeforeScanSeconds: UPTAKE_S, measures },
    },
  };
}

function drawUptake(wish: {
  readonly seed: number;
  readonly positions: readonly Vector[];
  readonly matrix: number;
  readonly pixelMm: number;
  readonly nodule: { readonly centreMm: Vector; readonly diameterMm: number; readonly suv: number };
}): Float32Array {
  const { positions, matrix, pixelMm, nodule } = wish;
  // The chest as the CT draws it: the same numbers in the same order.
  const shapes = seededRandom(wish.seed, 'chest-ct');
  const shape = drawChestShape(shapes);
  const anatomy = chestAnatomy(shape, drawFolds(shapes, 9));
  const random = seededRandom(wish.seed, 'pet noise');
  const values = new Float32Array(positions.length * matrix * matrix);
  const radius = nodule.diameterMm / 2;
  let cell = 0;
  for (const [x0, y0, z] of positions) {
    for (let row = 0; row < matrix; row += 1) {
      const y = y0 + row * pixelMm;
      for (let column = 0; column < matrix; column += 1, cell += 1) {
        const x = x0 + column * pixelMm;
        const depth = anatomy.lungDepthAt(x, y, z);
        const hu = anatomy.huAt(x, y, z, depth, pixelMm);
        const away = Math.hypot(x - nodule.centreMm[0], y - nodule.centreMm[1], z - nodule.centreMm[2]);
        const share = Math.min(1, Math.max(0, (radius - away) / pixelMm + 0.5));
        const isInBody = (x / shape.bodyMm[0]) ** 2 + (y / shape.bodyMm[1]) ** 2 < 1;
        const tissue = isInBody ? uptakeOf(hu, x, y, z, shape) : SUV.air;
        const value = tissue + (nodule.suv - tissue) * share;
        values[cell] = Math.max(0, value * (1 + NOISE_SHARE * random.normal()));
      }
    }
  }
  return values;
}

function uptakeOf(
  hu: number,
  x: number,
  y: number,
  z: number,
  shape: { readonly heartMm: Vector; readonly reachMm: number },
): number {
  if (hu < -950) return SUV.air;
  if (hu < -300) return SUV.lung;
  if (hu > 140) return SUV.bone;
  const [hx, hy, hz] = shape.heartMm;
  if (Math.hypot((x - 26) / hx, (y + 24) / hy, (z + shape.reachMm * 0.5) / hz) < 1) return SUV.blood;
  if (hu > 50 && x < 0 && z < -shape.reachMm * 0.55) return SUV.liver;
  return SUV.soft;
}
