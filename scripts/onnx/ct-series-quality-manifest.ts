import type { GoldenCase, WrittenManifest } from '../../src/shared/domain/model-manifest.ts';
import { QUALITY_PIXELS } from './ct-series-quality.ts';

/** The manifest of the judge of image quality, as it is written; digest and golden cases come from the build. */
export function ctSeriesQualityManifest(modelDigest: string, goldenCases: GoldenCase[]): WrittenManifest {
  const label = (id: string, name: string, meaning: string) => ({
    ...{ id, name, concept: { value: id, scheme: '99WETREAD', meaning } },
    ...{ acrCategory: 3 as const, flagFrom: 0.5 },
  });
  const measure = (tensor: string, of: string, meaning: string, unit: string, max: number) => ({
    ...{ tensor, role: 'number' as const, label: of, unit, range: { min: 0, max } },
    quantity: { value: tensor.replaceAll('_', '-'), scheme: '99WETREAD', meaning },
  });
  return {
    schema: 2,
    id: 'ct-series-quality',
    name: 'CT series image quality (reference algorithm)',
    version: '1.0.1',
    vendor: 'Wetread',
    modelFile: 'model.onnx',
    modelDigest,
    clinicalUse: 'none',
    intendedUse:
      'Shows how a model that judges images works in Wetread: noise, movement between slices, a field of view that cuts the body off and missing slices of a CT series. A demonstration, not for clinical use.',
    permittedUses: ['quality', 'measure'],
    appliesTo: {
      modalities: ['CT'],
      excludedDescriptionPatterns: [
        '\\b(perfusion|ctp|dynamic|biopsy|intervention\\w*|monitoring|bolus|premonitoring)\\b',
      ],
      requiredImageTypes: ['ORIGINAL', 'PRIMARY'],
      // Type 1 in CT (PS3.3 §C.8.2.1), and yet real files come without.
      absentPasses: ['image-type'],
      excludedImageTypes: ['LOCALIZER', 'DERIVED', 'SECONDARY', 'REFORMATTED'],
      orientation: 'axial',
      sliceThicknessMm: { min: 0.5, max: 10 },
      slices: { min: 8, max: 1200 },
      excludedKernelPatterns: [
        '^(H[5-9]\\d|Hr[5-9]\\d|J[5-9]\\d|B[6-9]\\d|Br[6-9]\\d|Bl[6-9]\\d|YA|YB|YC|YD|FC[358]\\d|BONE|EDGE|SHARP|LUNG)',
      ],
      minimum: { rows: 256, columns: 256 },
    },
    seriesRanking: { preferredThicknessMm: { value: 5, pointsPerMmAway: -1 } },
    preprocessing: {
      source: { arrangement: 'volume', values: 'rescaled', paddingValue: -1024 },
      // What it is to tell of must reach it: nothing is refused or mended that it judges.
      tolerates: {
        ...{ maxGapOverThickness: 1000, unevenSteps: 'as-is', gantryTilt: 'as-is' },
        ...{ duplicates: 'first', mixedOrientations: 'largest-stack' },
      },
      steps: [
        { do: 'orient', towards: ['S', 'P', 'L'] },
        // Pixels as they are, only fewer: a mean of several would be quieter than the image is.
        { do: 'resize', to: [null, QUALITY_PIXELS, QUALITY_PIXELS], interpolation: 'nearest' },
        { do: 'clamp', min: -1024, max: 3071 },
      ],
      sampling: { kind: 'volume' },
    },
    inputs: [
      { tensor: 'volume', role: 'image', layout: 'NCDHW' },
      { tensor: 'spacing', role: 'spacing' },
      { tensor: 'slice_extents', role: 'slice-extents' },
    ],
    outputs: [
      {
        tensor: 'problems',
        role: 'classes',
        classes: ['high-noise', 'motion', 'truncated-field', 'missing-slices'],
      },
      measure('noise_hu', 'high-noise', 'Noise in soft tissue', "[hnsf'U]", 5000),
      measure('jump_mm', 'motion', 'Jump of the body outline between slices', 'mm', 1000),
      measure('cut_off_mm', 'truncated-field', 'Body outline at the edge of the image', 'mm', 10_000),
      measure('missing_slices', 'missing-slices', 'Missing slices', '1', 10_000),
    ],
    labels: [
      label('high-noise', 'Noisy images', 'High image noise'),
      label('motion', 'Movement between slices', 'Motion between slices'),
      label('truncated-field', 'Body cut off by the field of view', 'Truncated field of view'),
      label('missing-slices', 'Slices missing within the series', 'Missing slices'),
    ],
    replayTolerance: { absolute: 0.02, relative: 0.02 },
    toleranceMs: 10_000,
    budgetMs: 60_000,
    memoryMb: 2048,
    changeControlId: 'reference-ct-series-quality',
    goldenCases,
  };
}
