import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { uidFrom } from '../uid.ts';
import { enhancedObject } from './enhanced-object.ts';

const ENHANCED_CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2.1';

/** The slices of one CT series as one enhanced CT object (PS3.3 §A.38). */
export function enhancedCt(plain: readonly DicomRecord[], sopUid: string): DicomRecord {
  const [first] = plain;
  const frame = {
    PixelPresentation: 'MONOCHROME',
    VolumetricProperties: 'VOLUME',
    VolumeBasedCalculationTechnique: 'NONE',
  };
  return enhancedObject(plain, {
    sopClassUid: ENHANCED_CT_IMAGE_STORAGE,
    sopUid,
    top: { MultienergyCTAcquisition: 'NO', AcquisitionDuration: 4 },
    shared: {
      FrameAnatomySequence: [
        {
          FrameLaterality: 'U',
          AnatomicRegionSequence: [{ CodeValue: '51185008', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Chest' }],
        },
      ],
      CTImageFrameTypeSequence: [{ FrameType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'], ...frame }],
      CTAcquisitionTypeSequence: [{ AcquisitionType: 'SPIRAL', ConstantVolumeFlag: 'NO', FluoroscopyFlag: 'NO' }],
      CTAcquisitionDetailsSequence: [
        {
          RotationDirection: 'CW',
          RevolutionTime: 0.5,
          SingleCollimationWidth: 0.625,
          TotalCollimationWidth: 40,
          TableHeight: 150,
          GantryDetectorTilt: 0,
          DataCollectionDiameter: 500,
        },
      ],
      CTTableDynamicsSequence: [{ TableSpeed: 80, TableFeedPerRotation: 40, SpiralPitchFactor: 1 }],
      IrradiationEventIdentificationSequence: [{ IrradiationEventUID: uidFrom(sopUid, 'exposure') }],
      CTPositionSequence: [
        {
          TablePosition: 0,
          ReconstructionTargetCenterPatient: [0, 0, 0],
          DataCollectionCenterPatient: [0, 0, 0],
        },
      ],
      CTGeometrySequence: [{ DistanceSourceToDetector: 1085, DistanceSourceToDataCollectionCenter: 595 }],
      CTReconstructionSequence: [
        {
          ReconstructionAlgorithm: 'FILTER_BACK_PROJ',
          ConvolutionKernel: first?.ConvolutionKernel ?? null,
          ConvolutionKernelGroup: 'LUNG',
          ReconstructionDiameter: 400,
          ReconstructionPixelSpacing: first?.PixelSpacing ?? null,
          ReconstructionAngle: 360,
          ImageFilter: 'NONE',
        },
      ],
      CTExposureSequence: [
        {
          ExposureTimeInms: 500,
          XRayTubeCurrentInmA: 180,
          ExposureInmAs: 90,
          ExposureModulationType: 'NONE',
        },
      ],
      CTXRayDetailsSequence: [
        { KVP: 120, FocalSpots: 1, FilterType: 'FLAT', FilterMaterial: 'ALUMINUM', CalciumScoringMassFactorPatient: 1 },
      ],
    },
  });
}
