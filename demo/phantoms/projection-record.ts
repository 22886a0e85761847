import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import type { PixelPoint } from './known-measures.ts';

const DX_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.1';
const BITS = 12;
/** The highest value stored. */
export const WHITE = 2 ** BITS - 1;

/** A shadow picture: row by row, denser is higher, from 0 to `WHITE`. */
export type Shadow = { readonly values: Float32Array; readonly rows: number; readonly columns: number };

/** A code of the image's anatomy or view. */
export type Code = readonly [value: string, scheme: string, meaning: string];

/** How a shadow was taken, and how it is to be stored. */
export type ProjectionWish = {
  readonly shadow: Shadow;
  readonly sopUid: string;
  readonly number: number;
  /** Which way the columns and the rows run in the patient (PS3.3 §C.7.6.1.1.1). */
  readonly orientation: readonly [string, string];
  readonly laterality: 'R' | 'L' | 'U' | 'B';
  readonly viewPosition: string;
  readonly view: Code;
  readonly region: Code;
  readonly spacingMm: number;
  /** Of what lies in the plane of interest; 1 is none. */
  readonly magnification: number;
  readonly sourceToDetectorMm: number;
  readonly isInverse: boolean;
  readonly kvp: number;
};

/** The image, detector and positioning modules of a digital X-ray image for presentation (PS3.3 §A.26, §C.8.11). */
export function dxRecord(wish: ProjectionWish): DicomRecord {
  return {
    ...projectionRecord(wish),
    SOPClassUID: DX_FOR_PRESENTATION,
    PositionerType: 'NONE',
    ViewPosition: wish.viewPosition,
    ViewCodeSequence: [coded(wish.view)],
    PatientOrientation: wish.orientation,
  };
}

/** What digital X-ray and mammography images have in common. Dense is white, whichever way round it is stored. */
export function projectionRecord(wish: ProjectionWish): DicomRecord {
  const { shadow, isInverse, sourceToDetectorMm, magnification } = wish;
  const stored = Uint16Array.from(shadow.values, (value) => {
    const whole = Math.min(WHITE, Math.max(0, Math.round(value)));
    return isInverse ? WHITE - whole : whole;
  });
  return {
    SOPInstanceUID: wish.sopUid,
    InstanceNumber: wish.number,
    ImageType: ['DERIVED', 'PRIMARY', ''],
    PresentationIntentType: 'FOR PRESENTATION',
    ImageLaterality: wish.laterality,
    AnatomicRegionSequence: [coded(wish.region)],
    SamplesPerPixel: 1,
    PhotometricInterpretation: isInverse ? 'MONOCHROME1' : 'MONOCHROME2',
    PresentationLUTShape: isInverse ? 'INVERSE' : 'IDENTITY',
    Rows: shadow.rows,
    Columns: shadow.columns,
    BitsAllocated: 16,
    BitsStored: BITS,
    HighBit: BITS - 1,
    PixelRepresentation: 0,
    PixelData: stored,
    RescaleIntercept: 0,
    RescaleSlope: 1,
    RescaleType: 'US',
    WindowCenter: 2048,
    WindowWidth: 4096,
    PixelIntensityRelationship: 'LOG',
    PixelIntensityRelationshipSign: isInverse ? 1 : -1,
    ImagerPixelSpacing: [wish.spacingMm, wish.spacingMm],
    DetectorType: 'DIRECT',
    DetectorID: 'DEMO-FP1',
    DetectorActiveDimensions: null,
    DistanceSourceToDetector: sourceToDetectorMm,
    DistanceSourceToPatient: Number((sourceToDetectorMm / magnification).toFixed(4)),
    EstimatedRadiographicMagnificationFactor: magnification,
    KVP: wish.kvp,
    ExposureTime: 20,
    XRayTubeCurrent: 200,
    AcquisitionContextSequence: [],
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
  };
}

/** A code sequence item. */
export function coded([value, scheme, meaning]: Code): DicomRecord {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

const LETTERS = {
  L: ['1....', '1....', '1....', '1....', '1....', '1....', '11111'],
  R: ['1111.', '1...1', '1...1', '1111.', '1.1..', '1..1.', '1...1'],
} as const;

/** Lays a lead letter on the picture, its top left corner at a pixel, its strokes so many pixels wide. */
export function layLetter(shadow: Shadow, letter: keyof typeof LETTERS, at: PixelPoint, stroke: number): void {
  for (const [y, line] of LETTERS[letter].entries()) {
    for (let x = 0; x < line.length; x += 1) {
      if (line[x] !== '1') continue;
      for (let row = 0; row < stroke; row += 1) {
        const start = (at[1] + y * stroke + row) * shadow.columns + at[0] + x * stroke;
        shadow.values.fill(WHITE, start, start + stroke);
      }
    }
  }
}
