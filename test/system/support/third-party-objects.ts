import { type DicomRecord, encodeInstance } from '../../../src/main/station/dicom/dataset/write-dataset.ts';
import type { SentObject } from './studies.ts';

/** An image that others' objects are about: one object of many frames, as `mirroredHead` is. */
export type PresentedObject = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly frameOfReferenceUid: string;
  readonly patient: DicomRecord;
};

/** A frame that a segmentation marks: its number in the image, counted from 1, its place, and its bits row after row. */
export type MarkedFrame = {
  readonly frame: number;
  readonly positionMm: readonly number[];
  readonly bits: Uint8Array;
};

const code = (value: string, scheme: string, meaning: string): DicomRecord => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
});
const PRESENTATION = '1.2.840.10008.5.1.4.1.1.11.1';
const SEGMENTATION = '1.2.840.10008.5.1.4.1.1.66.4';
const KEY_OBJECTS = '1.2.840.10008.5.1.4.1.1.88.59';
const REPORT = '1.2.840.10008.5.1.4.1.1.88.33';

function sent(about: PresentedObject, number: number, modality: string, record: DicomRecord): SentObject {
  const { studyUid, patient } = about;
  const [seriesUid, sopUid] = [`2.25.92${number}0`, `2.25.92${number}1`];
  const file = encodeInstance({
    ...patient,
    ...{ StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid, SOPInstanceUID: sopUid },
    ...{ Modality: modality, SeriesNumber: number, InstanceNumber: 1 },
    ...{ Manufacturer: 'Elsewhere', ManufacturerModelName: 'Workstation' },
    ...{ ContentDate: '20260116', ContentTime: '080000' },
    ...record,
  });
  return { studyUid, seriesUid, sopUid, file };
}

const imageOf = ({ sopUid, sopClassUid }: PresentedObject, frame?: number): DicomRecord => ({
  ReferencedSOPClassUID: sopClassUid,
  ReferencedSOPInstanceUID: sopUid,
  ...(frame !== undefined && { ReferencedFrameNumber: frame }),
});

const evidenceOf = (about: PresentedObject): DicomRecord => ({
  CurrentRequestedProcedureEvidenceSequence: [
    {
      StudyInstanceUID: about.studyUid,
      ReferencedSeriesSequence: [{ SeriesInstanceUID: about.seriesUid, ReferencedSOPSequence: [imageOf(about)] }],
    },
  ],
});

/** A presentation state of all frames: its own window, turned and flipped, a circle as shutter, a line, a circle and two texts. */
export function presentationState(about: PresentedObject, size: number): SentObject {
  const middle = size / 2;
  return sent(about, 2, 'PR', {
    SOPClassUID: PRESENTATION,
    ...{ ContentLabel: 'ARROW', ContentDescription: 'Ball marked', ContentCreatorName: 'Reader^Other' },
    ...{ PresentationCreationDate: '20260116', PresentationCreationTime: '080000' },
    ReferencedSeriesSequence: [{ SeriesInstanceUID: about.seriesUid, ReferencedImageSequence: [imageOf(about)] }],
    ...{ RescaleIntercept: -1024, RescaleSlope: 1, RescaleType: 'HU' },
    SoftcopyVOILUTSequence: [{ WindowCenter: 50, WindowWidth: 120 }],
    ...{ ImageHorizontalFlip: 'Y', ImageRotation: 90, PresentationLUTShape: 'IDENTITY' },
    DisplayedAreaSelectionSequence: [
      {
        ...{ DisplayedAreaTopLeftHandCorner: [1, 1], DisplayedAreaBottomRightHandCorner: [size, size] },
        ...{ PresentationSizeMode: 'SCALE TO FIT', PresentationPixelAspectRatio: [1, 1] },
      },
    ],
    ...{ ShutterShape: 'CIRCULAR', CenterOfCircularShutter: [middle, middle], RadiusOfCircularShutter: middle - 8 },
    ShutterPresentationValue: 0,
    GraphicLayerSequence: [{ GraphicLayer: 'NOTES', GraphicLayerOrder: 1 }],
    GraphicAnnotationSequence: [
      {
        GraphicLayer: 'NOTES',
        GraphicObjectSequence: [graphic('POLYLINE', [middle, middle, 52, 64]), graphic('CIRCLE', [50, 64, 50, 74])],
        TextObjectSequence: [
          {
            ...{ UnformattedTextValue: 'Ball here', AnchorPointAnnotationUnits: 'PIXEL' },
            ...{ AnchorPoint: [50, 52], AnchorPointVisibility: 'N' },
          },
          {
            ...{ UnformattedTextValue: 'Compare with prior', BoundingBoxAnnotationUnits: 'DISPLAY' },
            ...{ BoundingBoxTopLeftHandCorner: [0.3, 0.8], BoundingBoxBottomRightHandCorner: [0.7, 0.9] },
            BoundingBoxTextHorizontalJustification: 'CENTER',
          },
        ],
      },
    ],
  });
}

function graphic(type: string, points: readonly number[]): DicomRecord {
  return {
    ...{ GraphicAnnotationUnits: 'PIXEL', GraphicDimensions: 2, NumberOfGraphicPoints: points.length / 2 },
    ...{ GraphicData: points, GraphicType: type, GraphicFilled: 'N' },
  };
}

/** A binary segmentation of these frames; `change` makes it one of something else. */
export function segmentation(
  about: PresentedObject,
  frames: readonly MarkedFrame[],
  geometry: { readonly size: number; readonly pixelMm: number; readonly orientation: readonly number[] },
  change: { readonly number?: number; readonly frameOfReferenceUid?: string; readonly label?: string } = {},
): SentObject {
  const { size, pixelMm, orientation } = geometry;
  const pixels = new Uint8Array((size * size * frames.length) / 8);
  frames.forEach(({ bits }, frame) =>
    bits.forEach((bit, index) => {
      const at = frame * size * size + index;
      pixels[at >> 3] = (pixels[at >> 3] ?? 0) | (bit << (at & 7));
    }),
  );
  const label = change.label ?? 'BALLS';
  return sent(about, change.number ?? 3, 'SEG', {
    SOPClassUID: SEGMENTATION,
    ...{ SeriesDescription: label, ContentLabel: label, ContentCreatorName: 'Segmenter' },
    ImageType: ['DERIVED', 'PRIMARY'],
    FrameOfReferenceUID: change.frameOfReferenceUid ?? about.frameOfReferenceUid,
    ReferencedSeriesSequence: [{ SeriesInstanceUID: about.seriesUid, ReferencedInstanceSequence: [imageOf(about)] }],
    SegmentationType: 'BINARY',
    SegmentSequence: [
      {
        ...{
          SegmentNumber: 1,
          SegmentLabel: 'Ball',
          SegmentAlgorithmType: 'AUTOMATIC',
          SegmentAlgorithmName: 'Finder',
        },
        SegmentedPropertyCategoryCodeSequence: [code('49755003', 'SCT', 'Morphologically Altered Structure')],
        SegmentedPropertyTypeCodeSequence: [code('4147007', 'SCT', 'Mass')],
        RecommendedDisplayCIELabValue: [43803, 52011, 45000],
      },
    ],
    NumberOfFrames: frames.length,
    SharedFunctionalGroupsSequence: [
      {
        PlaneOrientationSequence: [{ ImageOrientationPatient: orientation }],
        PixelMeasuresSequence: [{ PixelSpacing: [pixelMm, pixelMm], SliceThickness: 5 }],
      },
    ],
    PerFrameFunctionalGroupsSequence: frames.map(({ frame, positionMm }) => ({
      PlanePositionSequence: [{ ImagePositionPatient: positionMm }],
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: 1 }],
      DerivationImageSequence: [{ SourceImageSequence: [imageOf(about, frame)] }],
    })),
    ...{ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: size, Columns: size },
    ...{ BitsAllocated: 1, BitsStored: 1, HighBit: 0, PixelRepresentation: 0 },
    PixelData: pixels,
  });
}

/** Key images: those of interest, or, as a warning, those with a quality issue. */
export function keyImages(about: PresentedObject, frame: number, title: 'of-interest' | 'quality-issue'): SentObject {
  const isIssue = title === 'quality-issue';
  return sent(about, isIssue ? 6 : 5, 'KO', {
    SOPClassUID: KEY_OBJECTS,
    ...{ ValueType: 'CONTAINER', ContinuityOfContent: 'SEPARATE' },
    ConceptNameCodeSequence: [isIssue ? code('113010', 'DCM', 'Quality Issue') : code('113000', 'DCM', 'Of Interest')],
    ...evidenceOf(about),
    ContentSequence: [
      {
        ...{ RelationshipType: 'CONTAINS', ValueType: 'IMAGE' },
        ReferencedSOPSequence: [imageOf(about, frame)],
      },
    ],
  });
}

/** A report not verified by anyone, by a device: a mass with an ellipse around it on this frame, and its diameter. */
export function markedReport(about: PresentedObject, frame: number, ellipse: readonly number[]): SentObject {
  const concept = (value: string, meaning: string) => [code(value, 'DCM', meaning)];
  return sent(about, 7, 'SR', {
    SOPClassUID: REPORT,
    ...{ ValueType: 'CONTAINER', ContinuityOfContent: 'SEPARATE', VerificationFlag: 'UNVERIFIED' },
    CompletionFlag: 'COMPLETE',
    ConceptNameCodeSequence: concept('126000', 'Imaging Measurement Report'),
    ...evidenceOf(about),
    ContentSequence: [
      {
        ...{ RelationshipType: 'HAS OBS CONTEXT', ValueType: 'CODE' },
        ConceptNameCodeSequence: concept('121005', 'Observer Type'),
        ConceptCodeSequence: concept('121007', 'Device'),
      },
      {
        ...{ RelationshipType: 'CONTAINS', ValueType: 'CONTAINER', ContinuityOfContent: 'SEPARATE' },
        ConceptNameCodeSequence: concept('125007', 'Measurement Group'),
        ContentSequence: [
          {
            ...{ RelationshipType: 'CONTAINS', ValueType: 'CODE' },
            ConceptNameCodeSequence: concept('121071', 'Finding'),
            ConceptCodeSequence: [code('4147007', 'SCT', 'Mass')],
          },
          {
            ...{ RelationshipType: 'CONTAINS', ValueType: 'NUM' },
            ConceptNameCodeSequence: concept('121206', 'Diameter'),
            MeasuredValueSequence: [
              { NumericValue: '27.5', MeasurementUnitsCodeSequence: [code('mm', 'UCUM', 'millimeter')] },
            ],
          },
          {
            ...{ RelationshipType: 'CONTAINS', ValueType: 'SCOORD', GraphicType: 'ELLIPSE', GraphicData: ellipse },
            ConceptNameCodeSequence: concept('111030', 'Image Region'),
            ContentSequence: [
              {
                ...{ RelationshipType: 'SELECTED FROM', ValueType: 'IMAGE' },
                ReferencedSOPSequence: [imageOf(about, frame)],
              },
            ],
          },
        ],
      },
    ],
  });
}
