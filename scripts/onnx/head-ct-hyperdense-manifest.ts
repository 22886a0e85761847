import type { GoldenCase, WrittenManifest } from '../../src/shared/domain/model-manifest.ts';

/** The manifest of the reference algorithm, as it is written; digest and golden cases come from the build. */
export function headCtHyperdenseManifest(modelDigest: string, goldenCases: GoldenCase[]): WrittenManifest {
  return {
    schema: 2,
    id: 'head-ct-hyperdense',
    name: 'Head CT hyperdense blood (reference algorithm)',
    version: '1.0.2',
    vendor: 'Wetread',
    modelFile: 'model.onnx',
    modelDigest,
    clinicalUse: 'none',
    intendedUse:
      'Shows how a triage model works in Wetread: suspects hyperdense blood inside the skull on non-contrast head CT. A demonstration, not for clinical use.',
    permittedUses: ['flag', 'mark', 'measure'],
    appliesTo: {
      modalities: ['CT'],
      bodyParts: ['HEAD', 'BRAIN', 'SKULL'],
      descriptionPatterns: ['\\b(head|brain|cranial|skull|schaedel|schädel|kopf|crane|crâne|cerebr\\w*)\\b'],
      excludedDescriptionPatterns: [
        '\\b(angio\\w*|cta|perfusion|ctp|post[ -]?contrast|with contrast|sinus(es)?|orbits?|facial|temporal bones?)\\b',
      ],
      requiredImageTypes: ['ORIGINAL', 'PRIMARY'],
      // Type 1 in CT (PS3.3 §C.8.2.1), and yet real files come without.
      absentPasses: ['image-type'],
      excludedImageTypes: ['LOCALIZER', 'DERIVED', 'SECONDARY', 'REFORMATTED'],
      orientation: 'axial',
      sliceThicknessMm: { min: 2.5, max: 10 },
      slices: { min: 10, max: 200 },
      contrast: 'absent',
    },
    seriesRanking: {
      preferredKernelPatterns: [
        { pattern: '^(H[2-4]\\d|Hr[34]\\d|J[34]\\d|UB|FC2[0-8]|STANDARD|STD\\+?|SOFT|SMOOTH|BRAIN)', points: 10 },
        { pattern: '^(H[5-9]\\d|Hr[5-9]\\d|J[5-9]\\d|YA|YB|FC[38]\\d|BONE|EDGE|SHARP|LUNG)', points: -20 },
      ],
      preferredThicknessMm: { value: 5, pointsPerMmAway: -1 },
    },
    preprocessing: {
      source: { arrangement: 'volume', values: 'rescaled', paddingValue: -1024 },
      tolerates: { maxGapOverThickness: 1.6, unevenSteps: 'as-is', gantryTilt: 'as-is' },
      steps: [
        { do: 'orient', towards: ['S', 'P', 'L'] },
        { do: 'resample', spacingMm: [null, 1, 1], interpolation: 'area' },
        { do: 'crop-or-pad', to: [null, 256, 256] },
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
      { tensor: 'probability', role: 'classes', classes: ['suspected-hyperdense-blood'] },
      {
        tensor: 'volume_ml',
        role: 'number',
        label: 'suspected-hyperdense-blood',
        quantity: { value: '118565006', scheme: 'SCT', meaning: 'Volume' },
        unit: 'mL',
        range: { min: 0, max: 2000 },
      },
      {
        tensor: 'mask',
        role: 'segmentation',
        layout: 'NCDHW',
        reading: 'threshold',
        threshold: 0.5,
        classes: ['suspected-hyperdense-blood'],
        parts: { touching: 'corners' },
      },
    ],
    labels: [
      {
        id: 'suspected-hyperdense-blood',
        name: 'Suspected hyperdense blood',
        concept: { value: '1386000', scheme: 'SCT', meaning: 'Intracranial hemorrhage' },
        anatomy: { value: '12738006', scheme: 'SCT', meaning: 'Brain' },
        acrCategory: 1,
        flagFrom: 0.5,
      },
    ],
    replayTolerance: { absolute: 0.002, relative: 0.01 },
    toleranceMs: 10_000,
    budgetMs: 60_000,
    memoryMb: 1024,
    changeControlId: 'reference-head-ct-hyperdense',
    goldenCases,
  };
}
