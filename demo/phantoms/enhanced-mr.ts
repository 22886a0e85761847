import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { enhancedObject } from './enhanced-object.ts';
import type { MrSequence } from './mr-sequences.ts';

const ENHANCED_MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4.1';
const DESCRIPTION = {
  PixelPresentation: 'MONOCHROME',
  VolumetricProperties: 'VOLUME',
  VolumeBasedCalculationTechnique: 'NONE',
  ComplexImageComponent: 'MAGNITUDE',
};
const CONTRASTS = { T1: 'T1', T2: 'T2', FLAIR: 'FLUID_ATTENUATED' } as const;

/** The slices of one MR series as one enhanced MR object (PS3.3 §A.36). */
export function enhancedMr(plain: readonly DicomRecord[], sequence: MrSequence, sopUid: string): DicomRecord {
  const { attributes, weighting } = sequence;
  const AcquisitionContrast = CONTRASTS[weighting];
  const hasInversion = weighting === 'FLAIR';
  const matrix = Number(plain[0]?.Rows ?? 0);
  return enhancedObject(plain, {
    sopClassUid: ENHANCED_MR_IMAGE_STORAGE,
    sopUid,
    top: {
      ...{ ComplexImageComponent: 'MAGNITUDE', AcquisitionContrast, ResonantNucleus: '1H', KSpaceFiltering: 'NONE' },
      ...{ MagneticFieldStrength: 1.5, ApplicableSafetyStandardAgency: 'IEC', AcquisitionDuration: 120 },
      ...{ MRAcquisitionType: '2D', PulseSequenceName: sequence.description, IsocenterPosition: [0, 0, 0] },
      ...{ EchoPulseSequence: 'SPIN', MultipleSpinEcho: 'NO', MultiPlanarExcitation: 'YES', PhaseContrast: 'NO' },
      ...{ TimeOfFlightContrast: 'NO', SteadyStatePulseSequence: 'NONE', EchoPlanarPulseSequence: 'NO' },
      ...{ SaturationRecovery: 'NO', SpectrallySelectedSuppression: 'NONE', OversamplingPhase: 'NONE' },
      ...{ GeometryOfKSpaceTraversal: 'RECTILINEAR', SegmentedKSpaceTraversal: 'SINGLE' },
      ...{ RectilinearPhaseEncodeReordering: 'LINEAR', NumberOfKSpaceTrajectories: 1 },
    },
    shared: {
      FrameAnatomySequence: [
        {
          FrameLaterality: 'U',
          AnatomicRegionSequence: [{ CodeValue: '12738006', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Brain' }],
        },
      ],
      MRImageFrameTypeSequence: [
        { FrameType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'], ...DESCRIPTION, AcquisitionContrast },
      ],
      MRTimingAndRelatedParametersSequence: [
        {
          ...{ RepetitionTime: attributes.RepetitionTime ?? null, FlipAngle: 90, GradientOutputType: 'DB_DT' },
          ...{ EchoTrainLength: attributes.EchoTrainLength ?? 1, RFEchoTrainLength: attributes.EchoTrainLength ?? 1 },
          ...{ GradientEchoTrainLength: 0, GradientOutput: 30 },
          SpecificAbsorptionRateSequence: [
            { SpecificAbsorptionRateDefinition: 'IEC_WHOLE_BODY', SpecificAbsorptionRateValue: 0.4 },
          ],
          OperatingModeSequence: [{ OperatingModeType: 'STATIC FIELD', OperatingMode: 'IEC_NORMAL' }],
        },
      ],
      MRFOVGeometrySequence: [
        {
          ...{ InPlanePhaseEncodingDirection: 'ROW', MRAcquisitionFrequencyEncodingSteps: matrix },
          ...{ MRAcquisitionPhaseEncodingStepsInPlane: matrix, PercentSampling: 100, PercentPhaseFieldOfView: 100 },
        },
      ],
      MREchoSequence: [{ EffectiveEchoTime: attributes.EchoTime ?? null }],
      MRModifierSequence: [
        {
          ...{ InversionRecovery: hasInversion ? 'YES' : 'NO', FlowCompensation: 'NONE', Spoiling: 'NONE' },
          ...(hasInversion && { InversionTimes: attributes.InversionTime ?? null }),
          ...{ T2Preparation: 'NO', SpectrallySelectedExcitation: 'NONE', SpatialPresaturation: 'NONE' },
          ...{ PartialFourier: 'NO', ParallelAcquisition: 'NO' },
        },
      ],
      MRImagingModifierSequence: [
        {
          ...{ MagnetizationTransfer: 'NONE', BloodSignalNulling: 'NO', Tagging: 'NONE' },
          ...{ TransmitterFrequency: 63.87, PixelBandwidth: 130 },
        },
      ],
      MRReceiveCoilSequence: [
        {
          ...{ ReceiveCoilName: 'HEAD8', ReceiveCoilManufacturerName: null, ReceiveCoilType: 'MULTICOIL' },
          ...{ QuadratureReceiveCoil: 'NO' },
          MultiCoilDefinitionSequence: [{ MultiCoilElementName: 'H1', MultiCoilElementUsed: 'YES' }],
        },
      ],
      MRTransmitCoilSequence: [
        { TransmitCoilName: 'BODY', TransmitCoilManufacturerName: null, TransmitCoilType: 'BODY' },
      ],
      MRAveragesSequence: [{ NumberOfAverages: 1 }],
    },
  });
}
