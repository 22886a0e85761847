import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';

export const MR_WEIGHTINGS = ['T1', 'T2', 'FLAIR'] as const;
export type MrWeighting = (typeof MR_WEIGHTINGS)[number];

/** One sequence of a brain protocol: what tissue looks like in it, and what its images say of themselves. */
export type MrSequence = {
  readonly description: string;
  readonly weighting: MrWeighting;
  readonly plane: 'axial' | 'sagittal';
  /** Signal of fat, fluid, white and grey matter, muscle and bone. */
  readonly tissue: {
    readonly fat: number;
    readonly fluid: number;
    readonly white: number;
    readonly grey: number;
    readonly muscle: number;
    readonly bone: number;
  };
  readonly lesion: number;
  readonly attributes: DicomRecord;
  readonly window: { readonly WindowCenter: number; readonly WindowWidth: number };
};

const T1 = { fat: 950, fluid: 130, white: 640, grey: 480, muscle: 330, bone: 40 };
const COMMON = { MagneticFieldStrength: 1.5, ImagingFrequency: 63.87, NumberOfAverages: 1, AngioFlag: 'N' };
const ORIGINAL = ['ORIGINAL', 'PRIMARY', 'OTHER'];

export const MR_SEQUENCES: readonly MrSequence[] = [
  {
    ...{ description: 'T1 SE ax', weighting: 'T1', plane: 'axial', tissue: T1, lesion: 330 },
    attributes: {
      ...{ ...COMMON, ImageType: ORIGINAL, ScanningSequence: 'SE', SequenceVariant: 'SK', ScanOptions: null },
      ...{ MRAcquisitionType: '2D', RepetitionTime: 520, EchoTime: 12, EchoTrainLength: 1, FlipAngle: 90 },
    },
    window: { WindowCenter: 450, WindowWidth: 900 },
  },
  {
    ...{ description: 'T2 TSE ax', weighting: 'T2', plane: 'axial', lesion: 860 },
    tissue: { fat: 620, fluid: 1000, white: 320, grey: 450, muscle: 150, bone: 30 },
    attributes: {
      ...{ ...COMMON, ImageType: ORIGINAL, ScanningSequence: 'SE', SequenceVariant: 'SK', ScanOptions: null },
      ...{ MRAcquisitionType: '2D', RepetitionTime: 4600, EchoTime: 98, EchoTrainLength: 15, FlipAngle: 90 },
    },
    window: { WindowCenter: 500, WindowWidth: 1000 },
  },
  {
    ...{ description: 'FLAIR ax', weighting: 'FLAIR', plane: 'axial', lesion: 880 },
    tissue: { fat: 560, fluid: 60, white: 340, grey: 450, muscle: 200, bone: 30 },
    attributes: {
      ...{ ...COMMON, ImageType: ORIGINAL, ScanningSequence: ['SE', 'IR'], SequenceVariant: 'SK', ScanOptions: null },
      ...{ MRAcquisitionType: '2D', RepetitionTime: 9000, EchoTime: 110, InversionTime: 2500, EchoTrainLength: 17 },
      FlipAngle: 90,
    },
    window: { WindowCenter: 400, WindowWidth: 800 },
  },
  {
    ...{ description: 'T1 SE sag', weighting: 'T1', plane: 'sagittal', tissue: T1, lesion: 330 },
    attributes: {
      ...{ ...COMMON, ImageType: ORIGINAL, ScanningSequence: 'SE', SequenceVariant: 'SK', ScanOptions: null },
      ...{ MRAcquisitionType: '2D', RepetitionTime: 480, EchoTime: 11, EchoTrainLength: 1, FlipAngle: 90 },
    },
    window: { WindowCenter: 450, WindowWidth: 900 },
  },
];

/** A sequence's signal of what has so many HU: the phantoms' tissues are told apart by them. */
export function signalOf(
  { tissue }: MrSequence,
  shape: { readonly csfHu: number; readonly whiteHu: number; readonly greyHu: number },
): (hu: number) => number {
  const knots = [
    [-1000, 0],
    [-300, 0],
    [-85, tissue.fat],
    [-20, tissue.fluid],
    [shape.csfHu + 3, tissue.fluid],
    [shape.whiteHu, tissue.white],
    [shape.greyHu, tissue.grey],
    [57, tissue.muscle],
    [140, tissue.bone],
    [3000, tissue.bone],
  ] as const;
  return (hu) => {
    let next = 1;
    while (next < knots.length - 1 && hu > (knots[next]?.[0] ?? 0)) next += 1;
    const [from, low] = knots[next - 1] ?? [0, 0];
    const [to, high] = knots[next] ?? [1, 0];
    return low + (high - low) * Math.min(1, Math.max(0, (hu - from) / (to - from)));
  };
}
