import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { type Random, seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import { enhancedMr } from './enhanced-mr.ts';
import { drawFiducials, fiducialMeasures } from './fiducials.ts';
import { drawFolds } from './folds.ts';
import { headAnatomy } from './head-anatomy.ts';
import { drawHeadShape } from './head-shape.ts';
import type { KnownMeasure } from './known-measures.ts';
import { MR_SEQUENCES, type MrSequence, type MrWeighting, signalOf } from './mr-sequences.ts';
import type { Vector } from './reconstruct.ts';
import {
  type DemoStudy,
  rounded,
  sealSeries,
  seriesRecord,
  sopUidOf,
  type StudyWish,
  studyRecord,
  timeRecord,
  type UnsealedSeries,
} from './study-objects.ts';

/** A brain MR to make: axial T1, T2 and FLAIR, and sagittal T1, in one frame of reference. */
export type BrainMrWish = StudyWish & {
  /** Rows and columns; 192 unless told. */
  readonly matrix?: number;
  /** Slices of an axial series; 20 unless told. */
  readonly slices?: number;
  /** A round lesion, dark on T1 and bright on T2 and FLAIR; without it there is none. */
  readonly lesionMm?: number;
  readonly withBalls?: boolean;
  /** Each series as one enhanced multi-frame object (PS3.3 §A.36). */
  readonly isEnhanced?: boolean;
};

export type BrainMrTruth = {
  readonly lesion: { readonly centreMm: Vector; readonly diameterMm: number } | null;
  readonly measures: readonly KnownMeasure[];
  readonly series: readonly {
    readonly weighting: MrWeighting;
    readonly plane: 'axial' | 'sagittal';
    readonly seriesUid: string;
  }[];
};

const MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4';
const FIELD_MM = 280;
const NOISE = 9;
const BALL_SIGNAL = 900;

type Plane = {
  readonly origin: Vector;
  readonly along: Vector;
  readonly down: Vector;
  readonly step: Vector;
  readonly slices: number;
  readonly stepMm: number;
};

/** Makes the objects of a brain MR. Axial slices are tilted as along the base of the brain. */
export async function makeBrainMr(wish: BrainMrWish): Promise<DemoStudy<BrainMrTruth>> {
  const matrix = wish.matrix ?? 192;
  const slices = wish.slices ?? 20;
  const random = seededRandom(wish.seed, 'brain-mr');
  const shape = { ...drawHeadShape(seededRandom(wish.seed, 'head-ct')), cuppingHu: 0, petrousStreakHu: 0 };
  const anatomy = headAnatomy(shape, drawFolds(random, 9));
  const pixelMm = FIELD_MM / matrix;
  const half = (FIELD_MM - pixelMm) / 2;
  const tilt = (random.between(6, 16) * Math.PI) / 180;
  const axial = axialPlane(slices, tilt, half, 150 / slices);
  const lesionSlice = Math.floor(slices * 0.62);
  const lesion =
    wish.lesionMm === undefined
      ? null
      : { diameterMm: wish.lesionMm, centreMm: lesionCentre(axial, lesionSlice, half) };
  const sample = (plane: Plane): Int16Array => sampleHu(plane, matrix, pixelMm, anatomy.huAt);
  const axialHu = sample(axial);
  const sagittal = sagittalPlane(Math.max(3, Math.round(slices / 2)), half);
  const studyUid = uidFrom('brain-mr', wish.seed, 'study');
  const machine = { manufacturer: 'Oranje Healthcare', model: 'Magnus 1.5T', station: 'DEMOMR1', serial: '50001' };
  const study = studyRecord({ studyDescription: 'MR BRAIN WITHOUT CONTRAST', ...wish }, machine, studyUid);
  const frameOfReference = uidFrom('brain-mr', wish.seed, 'frame-of-reference');
  const measures: KnownMeasure[] = [];
  const listed: BrainMrTruth['series'][number][] = [];
  const series = MR_SEQUENCES.map((sequence, index): UnsealedSeries => {
    const plane = sequence.plane === 'axial' ? axial : sagittal;
    const hu = sequence.plane === 'axial' ? axialHu : sample(sagittal);
    const noise = seededRandom(wish.seed, sequence.description);
    const signal = toSignal(hu, sequence, shape, noise);
    if (lesion !== null) drawLesion(signal, plane, matrix, pixelMm, lesion, sequence.lesion);
    const seriesUid = uidFrom('brain-mr', wish.seed, sequence.description);
    listed.push({ weighting: sequence.weighting, plane: sequence.plane, seriesUid });
    const geometry = {
      ...{ rows: matrix, columns: matrix, pixelMm: [pixelMm, pixelMm] as const },
      imagePositions: Array.from({ length: plane.slices }, (_, slice) => cornerOf(plane, slice)),
      imageOrientation: [...plane.along, ...plane.down],
    };
    const balls = wish.withBalls ? drawFiducials(signal, geometry, Math.floor(plane.slices / 2), BALL_SIGNAL) : null;
    const header = {
      ...study,
      ...seriesRecord(wish, {
        ...{ modality: 'MR', bodyPart: 'BRAIN', protocol: 'BrainRoutine', patientPosition: 'HFS' },
        ...{ seriesUid, number: index + 1, description: sequence.description },
      }),
      FrameOfReferenceUID: frameOfReference,
      PositionReferenceIndicator: null,
    };
    const plain = geometry.imagePositions.map(
      (position, slice): DicomRecord => ({
        ...header,
        ...timeRecord(wish, (index + 1) * 200 + slice),
        ...sequence.attributes,
        SOPClassUID: MR_IMAGE_STORAGE,
        SOPInstanceUID: uidFrom(seriesUid, slice),
        InstanceNumber: slice + 1,
        ImagePositionPatient: position.map(rounded),
        ImageOrientationPatient: geometry.imageOrientation.map((cosine) => Number(cosine.toFixed(9))),
        SliceThickness: rounded(plane.stepMm),
        SpacingBetweenSlices: rounded(plane.stepMm),
        PixelSpacing: [rounded(pixelMm), rounded(pixelMm)],
        ...pixelsOf(signal.subarray(slice * matrix * matrix, (slice + 1) * matrix * matrix), matrix),
        ...sequence.window,
      }),
    );
    const records = wish.isEnhanced ? [enhancedMr(plain, sequence, uidFrom(seriesUid, 'enhanced'))] : plain;
    const place = (slice: number) => ({
      sopUid: sopUidOf(records[wish.isEnhanced ? 0 : slice] ?? {}),
      frame: wish.isEnhanced ? slice + 1 : 1,
    });
    if (balls !== null) measures.push(...fiducialMeasures(balls, place(balls.slice).sopUid, place(balls.slice).frame));
    if (lesion !== null && sequence.plane === 'axial') {
      const radius = lesion.diameterMm / 2 / pixelMm;
      const [column, row] = [(half - LESION_ASIDE_MM) / pixelMm, (half + LESION_BACK_MM) / pixelMm];
      measures.push({
        ...{
          kind: 'length',
          name: `lesion across, ${sequence.weighting}`,
          ...place(lesionSlice),
          mm: lesion.diameterMm,
        },
        ...{ from: [column - radius, row], to: [column + radius, row] },
      });
    }
    return { seriesUid, description: sequence.description, records };
  });
  return { studyUid, series: await sealSeries(wish, series), truth: { lesion, measures, series: listed } };
}

/** Where the lesion lies in its axial slice, from the middle: towards the right, and towards the back. */
const LESION_ASIDE_MM = 28;
const LESION_BACK_MM = 18;

function lesionCentre(plane: Plane, slice: number, half: number): Vector {
  const corner = cornerOf(plane, slice);
  return sum(corner, plane.along, half - LESION_ASIDE_MM, plane.down, half + LESION_BACK_MM);
}

function axialPlane(slices: number, tilt: number, half: number, stepMm: number): Plane {
  const down: Vector = [0, Math.cos(tilt), Math.sin(tilt)];
  const step: Vector = [0, -Math.sin(tilt) * stepMm, Math.cos(tilt) * stepMm];
  const lowest = -((slices - 1) / 2) * stepMm + 5;
  const origin: Vector = [
    -half,
    -half * down[1] + (step[1] / stepMm) * lowest,
    -half * down[2] + (step[2] / stepMm) * lowest,
  ];
  return { origin, along: [1, 0, 0], down, step, slices, stepMm };
}

function sagittalPlane(slices: number, half: number): Plane {
  const stepMm = 120 / slices;
  const origin: Vector = [((slices - 1) / 2) * stepMm, -half, half];
  return { origin, along: [0, 1, 0], down: [0, 0, -1], step: [-stepMm, 0, 0], slices, stepMm };
}

function cornerOf({ origin, step }: Plane, slice: number): Vector {
  return [origin[0] + step[0] * slice, origin[1] + step[1] * slice, origin[2] + step[2] * slice];
}

function sum(from: Vector, along: Vector, u: number, down: Vector, v: number): Vector {
  return [0, 1, 2].map(
    (axis) => (from[axis] ?? 0) + (along[axis] ?? 0) * u + (down[axis] ?? 0) * v,
  ) as unknown as Vector;
}

function sampleHu(
  plane: Plane,
  matrix: number,
  pixelMm: number,
  huAt: (x: number, y: number, z: number) => number,
): Int16Array {
  const hu = new Int16Array(plane.slices * matrix * matrix);
  const { along, down } = plane;
  let cell = 0;
  for (let slice = 0; slice < plane.slices; slice += 1) {
    const corner = cornerOf(plane, slice);
    for (let row = 0; row < matrix; row += 1) {
      const [x, y, z] = sum(corner, along, 0, down, row * pixelMm);
      for (let column = 0; column < matrix; column += 1, cell += 1) {
        const u = column * pixelMm;
        hu[cell] = huAt(x + along[0] * u, y + along[1] * u, z + along[2] * u);
      }
    }
  }
  return hu;
}

/** The magnitude of a signal with noise in both of its parts. */
function toSignal(
  hu: Int16Array,
  sequence: MrSequence,
  shape: { readonly csfHu: number; readonly whiteHu: number; readonly greyHu: number },
  random: Random,
): Int16Array {
  const signal = signalOf(sequence, shape);
  return hu.map((value) => Math.hypot(signal(value) + random.normal() * NOISE, random.normal() * NOISE));
}

function drawLesion(
  signal: Int16Array,
  plane: Plane,
  matrix: number,
  pixelMm: number,
  lesion: { readonly centreMm: Vector; readonly diameterMm: number },
  value: number,
): void {
  const { along, down } = plane;
  const radius = lesion.diameterMm / 2;
  let cell = 0;
  for (let slice = 0; slice < plane.slices; slice += 1) {
    const corner = cornerOf(plane, slice);
    for (let row = 0; row < matrix; row += 1) {
      for (let column = 0; column < matrix; column += 1, cell += 1) {
        const at = sum(corner, along, column * pixelMm, down, row * pixelMm);
        const away = Math.hypot(...at.map((mm, axis) => mm - (lesion.centreMm[axis] ?? 0)));
        const share = Math.min(1, Math.max(0, (radius - away) / pixelMm + 0.5));
        if (share > 0) signal[cell] = (signal[cell] as number) * (1 - share) + value * share;
      }
    }
  }
}

function pixelsOf(values: Int16Array, matrix: number): DicomRecord {
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: matrix,
    Columns: matrix,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: values,
  };
}
