import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import { drawFolds, type Folds } from './folds.ts';
import type { KnownMeasure } from './known-measures.ts';
import { type DemoStudy, sealSeries, seriesRecord, type StudyWish, studyRecord, timeRecord } from './study-objects.ts';

/** How colour is stored where it is not compressed (PS3.3 §C.7.6.3.1.2). */
export const ULTRASOUND_COLOURS = ['RGB', 'YBR_FULL'] as const;

/** A duplex ultrasound of an artery to make: one object of many frames in colour. */
export type UltrasoundWish = StudyWish & {
  /** Columns; rows are three quarters of them. 480 unless told. */
  readonly columns?: number;
  readonly frames?: number;
  readonly colour?: (typeof ULTRASOUND_COLOURS)[number];
};

/** What its regions are calibrated to, and how wide the artery is in each frame. */
export type UltrasoundTruth = {
  readonly sopUid: string;
  readonly framesPerSecond: number;
  readonly arteryMm: readonly number[];
  /** In the order of the object's regions: what a pixel is, and the pixels it holds, both ends included. */
  readonly regions: readonly {
    readonly name: 'tissue' | 'spectrum';
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
    readonly perPixel: { readonly x: number; readonly y: number };
    readonly units: { readonly x: 'cm' | 's'; readonly y: 'cm' | 'cm/s' };
  }[];
  readonly measures: readonly KnownMeasure[];
};

const US_MULTIFRAME_STORAGE = '1.2.840.10008.5.1.4.1.1.3.1';
const FRAME_MS = 40;
const BEAT_FRAMES = 20;
const TISSUE_CM = 4;
const SPECTRUM_S = 3;
const SPECTRUM_CM_S = 160;
/** Codes of PS3.3 §C.8.5.5.1: spatial format, data type, units. */
const CODES = { tissue2d: 1, spectral: 3, tissue: 1, colourFlow: 2, pulsedWave: 3, cm: 3, seconds: 4, cmPerSecond: 7 };

/** Makes the object: tissue with a pulsing artery and its flow in colour above, the flow's spectrum below. */
export async function makeUltrasound(wish: UltrasoundWish): Promise<DemoStudy<UltrasoundTruth>> {
  const columns = wish.columns ?? 480;
  const rows = Math.round((columns * 3) / 8) * 2;
  const frames = wish.frames ?? BEAT_FRAMES * 2;
  const random = seededRandom(wish.seed, 'ultrasound');
  const restMm = random.between(5.5, 7);
  const tissue = { name: 'tissue', x0: 0, y0: 0, x1: columns - 1, y1: Math.round(rows * 0.7) - 1 } as const;
  const spectrum = { name: 'spectrum', x0: 0, y0: tissue.y1 + 3, x1: columns - 1, y1: rows - 1 } as const;
  const pixelCm = TISSUE_CM / (tissue.y1 + 1);
  const spectrumRows = spectrum.y1 - spectrum.y0 + 1;
  const regions: UltrasoundTruth['regions'] = [
    { ...tissue, perPixel: { x: pixelCm, y: pixelCm }, units: { x: 'cm', y: 'cm' } },
    {
      ...{ ...spectrum, units: { x: 's', y: 'cm/s' } },
      perPixel: { x: SPECTRUM_S / columns, y: SPECTRUM_CM_S / spectrumRows },
    },
  ];
  const arteryMm = Array.from({ length: frames }, (_, frame) => restMm * (1 + 0.09 * pulse(frame / BEAT_FRAMES)));
  const seriesUid = uidFrom('ultrasound', wish.seed, 'series');
  const sopUid = uidFrom(seriesUid, 0);
  const centre = [columns / 2, Math.round(tissue.y1 * 0.55)] as const;
  const pixels = new Uint8Array(frames * rows * columns * 3);
  const folds = drawFolds(random, 10);
  for (const [frame, mm] of arteryMm.entries()) {
    const target = pixels.subarray(frame * rows * columns * 3, (frame + 1) * rows * columns * 3);
    drawTissue(target, {
      columns,
      rows: tissue.y1 + 1,
      centre,
      radius: mm / 20 / pixelCm,
      frame,
      folds,
      seed: wish.seed,
    });
    drawSpectrum(target, { columns, top: spectrum.y0, rows: spectrumRows, until: frame / frames });
  }
  const colour = wish.transferSyntaxUid === undefined ? (wish.colour ?? 'RGB') : 'RGB';
  if (colour === 'YBR_FULL') toYbr(pixels, rows * columns);
  const studyUid = uidFrom('ultrasound', wish.seed, 'study');
  const machine = { manufacturer: 'Haruka Medical', model: 'Nami 7', station: 'DEMOUS1', serial: '60001' };
  const description = 'Carotid right, duplex';
  const record: DicomRecord = {
    ...studyRecord({ studyDescription: 'US CAROTID DUPLEX', ...wish }, machine, studyUid),
    ...seriesRecord(wish, {
      ...{ modality: 'US', bodyPart: 'NECK', protocol: 'Carotid', seriesUid, number: 1, description },
    }),
    ...timeRecord(wish, 30),
    SOPClassUID: US_MULTIFRAME_STORAGE,
    SOPInstanceUID: sopUid,
    InstanceNumber: 1,
    ImageType: ['ORIGINAL', 'PRIMARY', 'VASCULAR', '0011'],
    PatientOrientation: null,
    SamplesPerPixel: 3,
    PhotometricInterpretation: colour,
    PlanarConfiguration: colour === 'RGB' ? 0 : 1,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    NumberOfFrames: frames,
    FrameIncrementPointer: '00181063',
    FrameTime: FRAME_MS,
    CineRate: 1000 / FRAME_MS,
    RecommendedDisplayFrameRate: 1000 / FRAME_MS,
    HeartRate: Math.round(60_000 / (BEAT_FRAMES * FRAME_MS)),
    UltrasoundColorDataPresent: 1,
    SequenceOfUltrasoundRegions: regions.map((region) => regionRecord(region, spectrumRows)),
    PixelData: pixels,
  };
  return {
    studyUid,
    series: await sealSeries(wish, [{ seriesUid, description, records: [record] }]),
    truth: {
      ...{ sopUid, framesPerSecond: 1000 / FRAME_MS, arteryMm, regions },
      measures: arteryMm.map((mm, frame) => ({
        ...{ kind: 'length', name: 'artery across', sopUid, frame: frame + 1, mm },
        from: [centre[0], centre[1] - mm / 20 / pixelCm],
        to: [centre[0], centre[1] + mm / 20 / pixelCm],
      })),
    },
  };
}

function regionRecord(region: UltrasoundTruth['regions'][number], spectrumRows: number): DicomRecord {
  const isTissue = region.name === 'tissue';
  return {
    RegionSpatialFormat: isTissue ? CODES.tissue2d : CODES.spectral,
    RegionDataType: isTissue ? CODES.colourFlow : CODES.pulsedWave,
    RegionFlags: isTissue ? 2 : 0,
    RegionLocationMinX0: region.x0,
    RegionLocationMinY0: region.y0,
    RegionLocationMaxX1: region.x1,
    RegionLocationMaxY1: region.y1,
    PhysicalUnitsXDirection: isTissue ? CODES.cm : CODES.seconds,
    PhysicalUnitsYDirection: isTissue ? CODES.cm : CODES.cmPerSecond,
    PhysicalDeltaX: region.perPixel.x,
    PhysicalDeltaY: region.perPixel.y,
    ...(!isTissue && {
      // Zero velocity is the baseline, above which flow towards the probe stands.
      ...{ ReferencePixelX0: 0, ReferencePixelY0: Math.round(spectrumRows * BASELINE) },
      ...{ ReferencePixelPhysicalValueX: 0, ReferencePixelPhysicalValueY: 0 },
    }),
    TransducerFrequency: 7500,
    PulseRepetitionFrequency: 5000,
  };
}

const BASELINE = 0.8;

/** How far a beat has filled the artery, 0 to 1. */
function pulse(beats: number): number {
  const at = beats % 1;
  return at < 0.25 ? Math.sin((at / 0.25) * (Math.PI / 2)) : Math.exp(-(at - 0.25) * 4);
}

function drawTissue(
  to: Uint8Array,
  wish: {
    readonly columns: number;
    readonly rows: number;
    readonly centre: readonly [number, number];
    readonly radius: number;
    readonly frame: number;
    readonly folds: Folds;
    readonly seed: number;
  },
): void {
  const { columns, rows, centre, radius, frame, folds } = wish;
  const random = seededRandom(wish.seed, `speckle ${frame}`);
  const wall = Math.max(1.5, columns / 160);
  const flow = pulse(frame / BEAT_FRAMES);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const away = Math.hypot(column - centre[0], row - centre[1]);
      const layer = 70 + 40 * folds(column * 0.25, row * 1.1, 5) + 25 * Math.sin(row / 9);
      const speckle = Math.sqrt(-Math.log(1 - random.next())) * 0.9;
      let grey = away < radius ? 4 : away < radius + wall ? 190 : layer * (1 - (0.45 * row) / rows);
      grey = Math.min(255, Math.max(0, grey * (away < radius ? 1 : speckle)));
      const at = (row * columns + column) * 3;
      const speed = away < radius * 0.95 ? flow * (1 - (away / radius) ** 2) : 0;
      to[at] = speed > 0.08 ? 90 + 165 * speed : grey;
      to[at + 1] = speed > 0.08 ? 180 * speed * speed : grey;
      to[at + 2] = speed > 0.08 ? 0 : grey;
    }
  }
}

function drawSpectrum(
  to: Uint8Array,
  wish: { readonly columns: number; readonly top: number; readonly rows: number; readonly until: number },
): void {
  const { columns, top, rows } = wish;
  const baseline = Math.round(rows * BASELINE);
  for (let column = 0; column < columns * wish.until; column += 1) {
    const beats = ((column / columns) * SPECTRUM_S * 1000) / FRAME_MS / BEAT_FRAMES;
    const peak = baseline * (0.2 + 0.7 * pulse(beats));
    for (let row = 0; row < rows; row += 1) {
      const above = baseline - row;
      const value = above >= 0 && above < peak ? 60 + 150 * (above / peak) : 0;
      to.fill(
        row === baseline ? 150 : value,
        ((top + row) * columns + column) * 3,
        ((top + row) * columns + column) * 3 + 3,
      );
    }
  }
}

/** RGB by pixel to full-range YCbCr, each frame by plane, in place (PS3.3 §C.7.6.3.1.2, §C.7.6.3.1.3). */
function toYbr(pixels: Uint8Array, pixelsAFrame: number): void {
  const planes = new Uint8Array(pixelsAFrame * 3);
  for (let start = 0; start < pixels.length; start += planes.length) {
    for (let pixel = 0; pixel < pixelsAFrame; pixel += 1) {
      const at = start + pixel * 3;
      const [r, g, b] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
      planes[pixel] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      planes[pixelsAFrame + pixel] = Math.min(255, Math.round(-0.1687 * r - 0.3313 * g + 0.5 * b + 128));
      planes[pixelsAFrame * 2 + pixel] = Math.min(255, Math.round(0.5 * r - 0.4187 * g - 0.0813 * b + 128));
    }
    pixels.set(planes, start);
  }
}
