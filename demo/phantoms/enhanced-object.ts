import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { uidFrom } from '../uid.ts';

/** What an enhanced object says besides what its frames bring along. */
export type EnhancedWish = {
  readonly sopClassUid: string;
  readonly sopUid: string;
  /** Attributes of the object itself. */
  readonly top: DicomRecord;
  /** Functional groups that all frames share. */
  readonly shared: DicomRecord;
};

/** Attributes that stand in functional groups, not in the object itself (PS3.3 §C.7.6.16). */
const OF_FRAMES = new Set([
  ...['ImagePositionPatient', 'ImageOrientationPatient', 'SliceLocation', 'SliceThickness', 'PixelSpacing'],
  ...['RescaleIntercept', 'RescaleSlope', 'RescaleType', 'WindowCenter', 'WindowWidth', 'ConvolutionKernel'],
  ...['ScanOptions', 'KVP', 'XRayTubeCurrent', 'ExposureTime', 'ImageType', 'AcquisitionDate', 'AcquisitionTime'],
  ...['ScanningSequence', 'SequenceVariant', 'MRAcquisitionType', 'RepetitionTime', 'EchoTime', 'InversionTime'],
  ...['EchoTrainLength', 'FlipAngle', 'SpacingBetweenSlices', 'SequenceName', 'AngioFlag', 'ImagingFrequency'],
  ...['NumberOfAverages', 'PixelData', 'InstanceNumber', 'BodyPartExamined'],
]);

/** One multi-frame object of the records of single images, in their order (PS3.3 §C.7.6.16, §C.7.6.17). */
export function enhancedObject(plain: readonly DicomRecord[], wish: EnhancedWish): DicomRecord {
  const [first] = plain;
  if (first === undefined) throw new Error('an object without frames');
  const kept = Object.fromEntries(Object.entries(first).filter(([keyword]) => !OF_FRAMES.has(keyword)));
  const organization = uidFrom(wish.sopUid, 'dimensions');
  const at = (record: DicomRecord) => `${record.AcquisitionDate as string}${record.AcquisitionTime as string}`;
  const pieces = plain.map(({ PixelData }) => PixelData as Int16Array);
  const pixels = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const piece of pieces) {
    pixels.set(piece, filled);
    filled += piece.length;
  }
  const spacing = first.PixelSpacing ?? null;
  return {
    ...kept,
    SOPClassUID: wish.sopClassUid,
    SOPInstanceUID: wish.sopUid,
    InstanceNumber: 1,
    AcquisitionDateTime: at(first),
    ImageType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'],
    ContentQualification: 'PRODUCT',
    PixelPresentation: 'MONOCHROME',
    VolumetricProperties: 'VOLUME',
    VolumeBasedCalculationTechnique: 'NONE',
    PresentationLUTShape: 'IDENTITY',
    AcquisitionContextSequence: [],
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: ['00209056', '00209057'].map((pointer) => ({
      DimensionIndexPointer: pointer,
      FunctionalGroupPointer: '00209111',
      DimensionOrganizationUID: organization,
    })),
    NumberOfFrames: plain.length,
    PixelData: pixels,
    ...wish.top,
    SharedFunctionalGroupsSequence: [
      {
        PixelMeasuresSequence: [{ PixelSpacing: spacing, SliceThickness: first.SliceThickness ?? null }],
        PlaneOrientationSequence: [{ ImageOrientationPatient: first.ImageOrientationPatient ?? null }],
        PixelValueTransformationSequence: [
          {
            RescaleIntercept: first.RescaleIntercept ?? 0,
            RescaleSlope: first.RescaleSlope ?? 1,
            RescaleType: first.RescaleType ?? 'US',
          },
        ],
        FrameVOILUTSequence: [{ WindowCenter: first.WindowCenter ?? null, WindowWidth: first.WindowWidth ?? null }],
        ...wish.shared,
      },
    ],
    PerFrameFunctionalGroupsSequence: plain.map((record, index) => ({
      FrameContentSequence: [
        {
          FrameAcquisitionNumber: 1,
          FrameReferenceDateTime: at(record),
          FrameAcquisitionDateTime: at(record),
          FrameAcquisitionDuration: 500,
          StackID: '1',
          InStackPositionNumber: index + 1,
          DimensionIndexValues: [1, index + 1],
        },
      ],
      PlanePositionSequence: [{ ImagePositionPatient: record.ImagePositionPatient ?? null }],
    })),
  };
}
