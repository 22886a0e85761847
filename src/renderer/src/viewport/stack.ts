import { type DicomJson, itemsOf, numberOf, numbersOf, personNameOf, textOf, textsOf } from './dicom-json.ts';
import { type FilmView, filmViewOf } from './film-view.ts';
import { frameDataSets } from './frame-data-set.ts';
import { cross, dot, type ImagePlane, type Vector3 } from './geometry.ts';
import { type UltrasoundRegion, ultrasoundRegionsOf } from './measurements/ultrasound-regions.ts';
import { drawnSpacing } from './picture/drawn-spacing.ts';
import { isInverted } from './picture/pixel-format.ts';
import { type NoSuv, uptakeOf } from './picture/suv.ts';
import { type Spacing, spacingOf } from './spacing.ts';
import type { Subtracted } from './subtraction/subtract-stack.ts';
import { TAG } from './tags.ts';

/** What the image itself says of its patient; shown on the picture beside what the station says. */
export type ImagePatient = {
  readonly name: string | null;
  readonly mrn: string | null;
  readonly birthDateRaw: string | null;
  readonly sex: string | null;
  readonly accession: string | null;
};

/** What makes an image less than a plain original, named on the picture. */
export const IMAGE_MARKS = ['lossy', 'for-processing', 'derived', 'resampled', 'localizer'] as const;
export type ImageMark = (typeof IMAGE_MARKS)[number];

/** One picture of a stack: one frame of one instance. */
export type StackImage = {
  readonly imageId: string;
  readonly sopUid: string;
  /** From 1 on; 1 of an object of one frame. */
  readonly frame: number;
  readonly frameOfReferenceUid: string | null;
  readonly modality: string;
  readonly seriesNumber: number | null;
  readonly seriesDescription: string | null;
  readonly instanceNumber: number | null;
  readonly rows: number;
  readonly columns: number;
  readonly bytes: number;
  /** Low values are drawn bright unless the reader inverts (PS3.3 §C.7.6.3.1.2). */
  readonly monochrome1: boolean;
  readonly isColour: boolean;
  /** Null where the image says nothing of its place in the patient. */
  readonly plane: ImagePlane | null;
  /** The plane pixels are drawn in (see drawnPlaneOf). */
  readonly drawnPlane: ImagePlane;
  /** Position along the stack's normal, mm. */
  readonly positionMm: number | null;
  readonly spacing: Spacing;
  /** Parts of an ultrasound picture with scales of their own, which then hold instead; absent of all others. */
  readonly regions?: readonly UltrasoundRegion[];
  /** Which way rows and columns run in the patient, where no plane says it (PS3.3 §C.7.6.1.1.1); null where neither does. */
  readonly patientOrientation: readonly [string, string] | null;
  /** Of a film: which side it is of and how it was taken. */
  readonly view: FilmView;
  /** Frames a second its maker wants it played at; null where it says none. */
  readonly framesPerSecond: number | null;
  readonly rescale: {
    readonly slope: number;
    readonly intercept: number;
    readonly unit: string | null;
    /** What rescaled values are multiplied by to be in that unit: of PET told as SUV; absent where they are in it. */
    readonly factor?: number;
    /** Of PET: why it is not told as SUV. */
    readonly noSuv?: NoSuv;
  };
  readonly marks: readonly ImageMark[];
  /** What was taken away from it; absent of a frame as it was stored. */
  readonly subtracted?: Subtracted;
  readonly patient: ImagePatient;
  readonly dataSet: DicomJson;
};

/** One picture as evidence names it: a frame of an object, counted from 1. */
export type FrameAddress = { readonly sopUid: string; readonly frameNumber: number };

/** The pictures of one series in the order they are scrolled. */
export type Stack = {
  readonly seriesUid: string;
  readonly modality: string;
  readonly images: readonly StackImage[];
  /** Its objects that are no pictures: reports, documents, waveforms, plans. */
  readonly documents?: readonly DicomJson[];
};

/** Where a series' frames live: `{dicomwebPath}/studies/{uid}/series/{uid}` on the page's own origin. */
export type SeriesAddress = { readonly dicomwebPath: string; readonly studyUid: string; readonly seriesUid: string };

/** The path of a series under its study's DICOMweb (PS3.18 §10.4.1). */
export function seriesPath(address: SeriesAddress): string {
  const segments = [address.studyUid, 'series', address.seriesUid].map(encodeURIComponent).join('/');
  return `${address.dicomwebPath.replace(/\/$/, '')}/studies/${segments}`;
}

/** Reads a series' metadata into a stack; data sets without pixels (no rows or columns) are its documents. */
export function readStack(dataSets: readonly DicomJson[], address: SeriesAddress): Stack {
  const images = dataSets.flatMap((dataSet) => framesOf(dataSet, seriesPath(address)));
  const documents = dataSets.filter((dataSet) => !hasPixels(dataSet));
  const modality = images[0]?.modality ?? '';
  return {
    seriesUid: address.seriesUid,
    modality,
    images: sortImages(images),
    ...(documents.length > 0 && { documents }),
  };
}

/**
 * The scrolling order: along the normal where all images are parallel, know their place and share one frame of reference, running
 * the way the instance numbers run; by instance number otherwise, each frame of reference by itself. Frames of one instance that
 * know no place keep their order.
 */
export function sortImages(images: readonly StackImage[]): readonly StackImage[] {
  const byNumber = images.toSorted((a, b) => (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0) || a.frame - b.frame);
  const spaces = [...Map.groupBy(byNumber, (image) => image.frameOfReferenceUid).values()];
  if (spaces.length === 1) return alongNormal(byNumber);
  const isMixed = spaces.some((space) => commonNormal(space) === null);
  return isMixed ? byNumber : spaces.flatMap(alongNormal);
}

function alongNormal(byNumber: readonly StackImage[]): readonly StackImage[] {
  const normal = commonNormal(byNumber);
  if (normal === null) return byNumber;
  const placed = byNumber.map((image) => ({ ...image, positionMm: dot(image.drawnPlane.originMm, normal) }));
  const direction = trendOf(placed.map((image) => image.positionMm)) < 0 ? -1 : 1;
  return placed.toSorted((a, b) => direction * (a.positionMm - b.positionMm));
}

/** The index of a frame, or null when the stack does not hold it. */
export function findImage(stack: Stack, { sopUid, frameNumber }: FrameAddress): number | null {
  const index = stack.images.findIndex((image) => image.sopUid === sopUid && image.frame === frameNumber);
  return index < 0 ? null : index;
}

/** Where a stack opens: at the frame asked for where it holds that, else in its middle, where the organ is and not its edge. */
export function openingIndex(stack: Stack, frame: FrameAddress | null): number {
  const wanted = frame === null ? null : findImage(stack, frame);
  return wanted ?? Math.floor(stack.images.length / 2);
}

/** No instance has more: a header that says so is damaged, and only its first frame is shown. */
const MOST_FRAMES = 20_000;

function hasPixels(dataSet: DicomJson): boolean {
  return (numberOf(dataSet, TAG.Rows) ?? 0) >= 1 && (numberOf(dataSet, TAG.Columns) ?? 0) >= 1;
}

function framesOf(dataSet: DicomJson, path: string): readonly StackImage[] {
  const sopUid = textOf(dataSet, TAG.SOPInstanceUID);
  const rows = numberOf(dataSet, TAG.Rows);
  const columns = numberOf(dataSet, TAG.Columns);
  if (sopUid === null || rows === null || columns === null || rows < 1 || columns < 1) return [];
  const said = numberOf(dataSet, TAG.NumberOfFrames) ?? 1;
  const frames = said > 1 && said <= MOST_FRAMES ? Math.floor(said) : 1;
  const samples = numberOf(dataSet, TAG.SamplesPerPixel) ?? 1;
  const patient = patientOf(dataSet);
  const regions = ultrasoundRegionsOf(dataSet);
  const frameOf = frameDataSets(dataSet);
  return Array.from({ length: frames }, (_, index): StackImage => {
    const frame = frameOf(index);
    return {
      sopUid,
      frame: index + 1,
      imageId: `wadors:${path}/instances/${encodeURIComponent(sopUid)}/frames/${index + 1}`,
      frameOfReferenceUid: textOf(frame, TAG.FrameOfReferenceUID),
      modality: textOf(frame, TAG.Modality) ?? '',
      seriesNumber: numberOf(frame, TAG.SeriesNumber),
      seriesDescription: textOf(frame, TAG.SeriesDescription),
      instanceNumber: numberOf(frame, TAG.InstanceNumber),
      rows,
      columns,
      bytes: (rows * columns * samples * (numberOf(frame, TAG.BitsAllocated) ?? 16)) / 8,
      monochrome1: isInverted(frame),
      isColour: samples > 1 || textOf(frame, TAG.PhotometricInterpretation) === 'PALETTE COLOR',
      plane: planeOf(frame),
      drawnPlane: drawnPlaneOf(frame),
      positionMm: null,
      spacing: spacingOf(frame),
      ...(regions !== null && { regions }),
      patientOrientation: patientOrientationOf(frame),
      view: filmViewOf(frame),
      framesPerSecond: framesPerSecondOf(frame),
      rescale: rescaleOf(frame),
      marks: marksOf(frame),
      patient,
      dataSet: frame,
    };
  });
}

function planeOf(dataSet: DicomJson): ImagePlane | null {
  const [x, y, z] = numbersOf(dataSet, TAG.ImagePositionPatient);
  const [rx, ry, rz, cx, cy, cz] = numbersOf(dataSet, TAG.ImageOrientationPatient);
  if (x === undefined || y === undefined || z === undefined) return null;
  if (rx === undefined || ry === undefined || rz === undefined) return null;
  if (cx === undefined || cy === undefined || cz === undefined) return null;
  const [alongRow, alongColumn]: [Vector3, Vector3] = [
    [rx, ry, rz],
    [cx, cy, cz],
  ];
  if (!areDirections(alongRow, alongColumn)) return null;
  const isGuessed = !hasPixelSpacing(dataSet) || spacingOf(dataSet).kind === 'detector';
  return {
    originMm: [x, y, z],
    alongRow,
    alongColumn,
    ...drawnSpacing(dataSet),
    ...(isGuessed && { isGuessed: true as const }),
  };
}

function hasPixelSpacing(dataSet: DicomJson): boolean {
  const sizes = numbersOf(dataSet, TAG.PixelSpacing);
  return sizes.length === 2 && sizes.every((size) => size > 0);
}

/** True of two directions as PS3.3 §C.7.6.2.1.1 has them, of length one and at right angles, but for coarse rounding; with others every place would be wrong. */
function areDirections(alongRow: Vector3, alongColumn: Vector3): boolean {
  const isUnit = (direction: Vector3) => Math.abs(Math.hypot(...direction) - 1) < 0.02;
  return isUnit(alongRow) && isUnit(alongColumn) && Math.abs(dot(alongRow, alongColumn)) < 0.02;
}

/** The plane pixels are drawn in: what is unknown of place and direction is taken as an axial image at the origin. */
export function drawnPlaneOf(dataSet: DicomJson): ImagePlane {
  const [x = 0, y = 0, z = 0] = numbersOf(dataSet, TAG.ImagePositionPatient);
  const [rx = 1, ry = 0, rz = 0, cx = 0, cy = 1, cz = 0] = numbersOf(dataSet, TAG.ImageOrientationPatient);
  return { originMm: [x, y, z], alongRow: [rx, ry, rz], alongColumn: [cx, cy, cz], ...drawnSpacing(dataSet) };
}

function patientOrientationOf(dataSet: DicomJson): readonly [string, string] | null {
  const [row, column] = textsOf(dataSet, TAG.PatientOrientation);
  return row === undefined || column === undefined ? null : [row, column];
}

function framesPerSecondOf(dataSet: DicomJson): number | null {
  const frameTimeMs = numberOf(dataSet, TAG.FrameTime);
  return (
    numberOf(dataSet, TAG.RecommendedDisplayFrameRate) ??
    numberOf(dataSet, TAG.CineRate) ??
    (frameTimeMs !== null && frameTimeMs > 0 ? 1000 / frameTimeMs : null)
  );
}

function rescaleOf(dataSet: DicomJson): StackImage['rescale'] {
  const uptake = uptakeOf(dataSet);
  return {
    slope: numberOf(dataSet, TAG.RescaleSlope) ?? 1,
    intercept: numberOf(dataSet, TAG.RescaleIntercept) ?? 0,
    unit: uptake === null ? rescaledUnitOf(dataSet) : uptake.unit,
    ...(uptake?.factor != null && { factor: uptake.factor }),
    ...(uptake?.factor === null && { noSuv: uptake.why }),
  };
}

/** The unit of rescaled values (PS3.3 §C.11.1.1.2): Hounsfield's of CT alone, where something rescales and no other unit is said. */
function rescaledUnitOf(dataSet: DicomJson): string | null {
  const [table] = itemsOf(dataSet, TAG.ModalityLUTSequence);
  const said = table === undefined ? textOf(dataSet, TAG.RescaleType) : textOf(table, TAG.ModalityLUTType);
  const type = said === 'US' ? null : said;
  if (textOf(dataSet, TAG.Modality) !== 'CT' || (said !== null && said !== 'HU')) return type;
  // Values that nothing rescales are as the scanner stored them, and those of a scout are sums along rays.
  const isRescaled = table !== undefined || numberOf(dataSet, TAG.RescaleIntercept) !== null;
  return isRescaled && !textsOf(dataSet, TAG.ImageType).includes('LOCALIZER') ? 'HU' : null;
}

const RESAMPLED = ['REFORMATTED', 'MPR', 'RESAMPLED', 'MIP', 'AVERAGE', 'PROJECTION IMAGE'];

function marksOf(dataSet: DicomJson): readonly ImageMark[] {
  const type = textsOf(dataSet, TAG.ImageType).map((value) => value.toUpperCase());
  const applies: Readonly<Record<ImageMark, boolean>> = {
    lossy: textOf(dataSet, TAG.LossyImageCompression) === '01',
    'for-processing': textOf(dataSet, TAG.PresentationIntentType) === 'FOR PROCESSING',
    derived: type[0] === 'DERIVED',
    resampled: type.some((value) => RESAMPLED.includes(value)),
    localizer: type.includes('LOCALIZER'),
  };
  return IMAGE_MARKS.filter((mark) => applies[mark]);
}

function patientOf(dataSet: DicomJson): ImagePatient {
  return {
    name: personNameOf(dataSet, TAG.PatientName),
    mrn: textOf(dataSet, TAG.PatientID),
    birthDateRaw: textOf(dataSet, TAG.PatientBirthDate),
    sex: textOf(dataSet, TAG.PatientSex),
    accession: textOf(dataSet, TAG.AccessionNumber),
  };
}

/** The normal all images share (within 2.5 degrees, so that small vendor rounding does not matter), or null. */
function commonNormal(images: readonly StackImage[]): Vector3 | null {
  const normals = images.map((image) => image.plane && cross(image.plane.alongRow, image.plane.alongColumn));
  const first = normals[0] ?? null;
  if (first === null) return null;
  return normals.every((normal) => normal !== null && dot(normal, first) > 0.999) ? first : null;
}

/** The sign of how values run along their order: the covariance with the position in the list. */
function trendOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  return values.reduce((sum, value, index) => sum + value * (index - middle), 0);
}
