import type { GoldenCase, ModelManifest } from '../../src/shared/domain/model-manifest.ts';

/** The manifest of the reference algorithm; digest and golden cases come from the build. */
export function headCtHyperdenseManifest(modelDigest: string, goldenCases: GoldenCase[]): ModelManifest {
  return {
    schema: 1,
    id: 'head-ct-hyperdense',
    name: 'Head CT hyperdense blood (reference algorithm)',
    version: '1.0.0',
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
      kind: 'axial-volume',
      unit: 'HU',
      rows: 256,
      columns: 256,
      pixelMm: 1,
      paddingValue: -1024,
      clamp: { min: -1024, max: 3071 },
      maxGapOverThickness: 1.6,
    },
    inputs: [
      { tensor: 'volume', role: 'volume' },
      { tensor: 'spacing', role: 'spacing' },
      { tensor: 'slice_extents', role: 'slice-extents' },
    ],
    outputs: [
      { tensor: 'probability', role: 'probability', label: 'suspected-hyperdense-blood' },
      {
        tensor: 'volume_ml',
        role: 'measurement',
        label: 'suspected-hyperdense-blood',
        quantity: { value: '118565006', scheme: 'SCT', meaning: 'Volume' },
        unit: 'mL',
        range: { min: 0, max: 2000 },
      },
      { tensor: 'mask', role: 'mask', label: 'suspected-hyperdense-blood' },
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
    goldenCases,
  };
}
