import type { GoldenCase, WrittenManifest } from '../../src/shared/domain/model-manifest.ts';
import { CELL_MM } from './chest-ct-nodules.ts';

/** The manifest of the nodule detector, as it is written; digest and golden cases come from the build. */
export function chestCtNodulesManifest(modelDigest: string, goldenCases: GoldenCase[]): WrittenManifest {
  return {
    schema: 2,
    id: 'chest-ct-nodules',
    name: 'Chest CT solid nodule candidates (reference algorithm)',
    version: '1.0.1',
    vendor: 'Wetread',
    modelFile: 'model.onnx',
    modelDigest,
    clinicalUse: 'none',
    intendedUse:
      'Shows how a detector works in Wetread: marks ball-shaped solid tissue of 4 to 20 mm in the lungs on chest CT, with diameter and volume. A demonstration, not for clinical use.',
    permittedUses: ['flag', 'mark', 'measure'],
    appliesTo: {
      modalities: ['CT'],
      bodyParts: ['CHEST', 'THORAX', 'LUNG'],
      descriptionPatterns: ['\\b(chest|thora\\w*|lungs?|pulmo\\w*)\\b'],
      excludedDescriptionPatterns: ['\\b(spine|biopsy|perfusion|mip|calcium|coronar\\w*)\\b'],
      requiredImageTypes: ['ORIGINAL', 'PRIMARY'],
      // Type 1 in CT (PS3.3 §C.8.2.1), and yet real files come without.
      absentPasses: ['image-type'],
      excludedImageTypes: ['LOCALIZER', 'DERIVED', 'SECONDARY', 'REFORMATTED'],
      orientation: 'axial',
      sliceThicknessMm: { min: 0.5, max: 5 },
      slices: { min: 20, max: 1200 },
      minimum: { coverageMm: 60 },
    },
    seriesRanking: {
      preferredKernelPatterns: [
        { pattern: '^(B3\\d|Br3\\d|STANDARD|STD\\+?|SOFT|FC1[0-8]|FC0[1-8]|A$|B$)', points: 10 },
        { pattern: '^(B[67]\\d|Bl[5-7]\\d|LUNG|BONE|EDGE|FC5\\d|L$|YC)', points: 2 },
      ],
      preferredThicknessMm: { value: 1.5, pointsPerMmAway: -3 },
    },
    preprocessing: {
      source: { arrangement: 'volume', values: 'rescaled', paddingValue: -1024 },
      tolerates: { maxGapOverThickness: 1.6, unevenSteps: 'resample', gantryTilt: 'shear', duplicates: 'first' },
      steps: [
        { do: 'orient', towards: ['S', 'P', 'L'] },
        { do: 'resample', spacingMm: [CELL_MM, CELL_MM, CELL_MM], interpolation: 'linear', antialias: true },
        { do: 'clamp', min: -1024, max: 600 },
        { do: 'pad-to-multiple', of: [2, 2, 2], paddingValue: -1024 },
      ],
      sampling: { kind: 'volume' },
    },
    inputs: [{ tensor: 'volume', role: 'image', layout: 'NCDHW' }],
    outputs: [
      {
        tensor: 'boxes',
        role: 'boxes',
        format: 'centre-diameter',
        axes: 'zyx',
        score: { from: 'tensor', tensor: 'scores' },
        classes: ['solid-nodule-candidate'],
        minScore: 0.3,
        overlapAtMost: 0.1,
        most: 20,
      },
    ],
    labels: [
      {
        id: 'solid-nodule-candidate',
        name: 'Solid lung nodule candidate',
        concept: { value: '427359005', scheme: 'SCT', meaning: 'Solitary nodule of lung' },
        anatomy: { value: '39607008', scheme: 'SCT', meaning: 'Lung' },
        acrCategory: 3,
        score: 'best-box',
        flagFrom: 0.5,
        uncertainFrom: 0.3,
      },
    ],
    replayTolerance: { absolute: 0.02, relative: 0.02 },
    toleranceMs: 20_000,
    budgetMs: 120_000,
    memoryMb: 3072,
    changeControlId: 'reference-chest-ct-nodules',
    goldenCases,
  };
}
