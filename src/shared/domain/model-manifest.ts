import { z } from 'zod';
import { AcrCategory } from './urgency.ts';

/** The manifest of a model package: all the station knows of a model. No code is written per model. */

const Slug = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/);
const TensorName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_./]*$/);
const Pattern = z.string().min(1).max(200).refine(isPattern, 'not a regular expression');
const DicomKeyword = z.string().regex(/^[A-Z0-9][A-Z0-9_ ]*$/);

/** What a model may be used for; each use is granted apart. */
export const MODEL_USES = ['flag', 'mark', 'measure', 'draft', 'quality', 'notify'] as const;
export const ModelUse = z.enum(MODEL_USES);
export type ModelUse = z.infer<typeof ModelUse>;

/** How far a model is cleared. `none` leaves silent exposure in a demo data directory only. */
export const CLINICAL_USES = ['none', 'research', 'cleared'] as const;
export const ClinicalUse = z.enum(CLINICAL_USES);
export type ClinicalUse = z.infer<typeof ClinicalUse>;

export const CodedConcept = z.strictObject({
  value: z.string().min(1).max(64),
  scheme: z.string().min(1).max(16),
  meaning: z.string().min(1).max(64),
});
export type CodedConcept = z.infer<typeof CodedConcept>;

/** Which series a model reads, as data. Patterns are regular expressions without regard to case. */
export const AppliesTo = z.strictObject({
  modalities: z.array(z.string().regex(/^[A-Z]{2,4}$/)).min(1),
  /** At least one of: body part equal to one of these, or a description matching a pattern. */
  bodyParts: z.array(DicomKeyword),
  descriptionPatterns: z.array(Pattern),
  /** A study or series description matching one of these is never read. */
  excludedDescriptionPatterns: z.array(Pattern),
  requiredImageTypes: z.array(DicomKeyword),
  excludedImageTypes: z.array(DicomKeyword),
  orientation: z.enum(['axial', 'any']),
  sliceThicknessMm: z.strictObject({ min: z.number().positive(), max: z.number().positive() }),
  slices: z.strictObject({ min: z.number().int().min(1), max: z.number().int().max(10_000) }),
  /** `absent`: a series known to carry contrast is not read. */
  contrast: z.enum(['absent', 'any']),
});
export type AppliesTo = z.infer<typeof AppliesTo>;

/** How the best of several eligible series is chosen: each rule adds points, most points win, then most slices. */
export const SeriesRanking = z.strictObject({
  preferredKernelPatterns: z.array(z.strictObject({ pattern: Pattern, points: z.number() })),
  preferredThicknessMm: z.strictObject({ value: z.number().positive(), pointsPerMmAway: z.number().max(0) }),
});
export type SeriesRanking = z.infer<typeof SeriesRanking>;

/** What is done to a series before a volume model sees it. Slices run from foot to head, rows to the back, columns to the left. */
export const Preprocessing = z.strictObject({
  kind: z.literal('axial-volume'),
  unit: z.literal('HU'),
  rows: z.number().int().min(16).max(2048),
  columns: z.number().int().min(16).max(2048),
  pixelMm: z.number().positive(),
  /** What stands where the source has no pixel or its padding value. */
  paddingValue: z.number(),
  clamp: z.strictObject({ min: z.number(), max: z.number() }),
  /** A wider step between neighbours, in slice thicknesses, means that slices are missing: the series is refused as uneven. */
  maxGapOverThickness: z.number().min(1),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

export const ModelInput = z.discriminatedUnion('role', [
  /** float32 [1, 1, slices, rows, columns]. */
  z.strictObject({ tensor: TensorName, role: z.literal('volume') }),
  /** float32 [3]: millimetres between slices (mean), rows, columns of the volume. */
  z.strictObject({ tensor: TensorName, role: z.literal('spacing') }),
  /** float32 [slices]: the millimetres along the normal that each slice stands for; right on uneven series too. */
  z.strictObject({ tensor: TensorName, role: z.literal('slice-extents') }),
]);
export type ModelInput = z.infer<typeof ModelInput>;

export const ModelOutput = z.discriminatedUnion('role', [
  /** float32 [1] in 0…1. */
  z.strictObject({ tensor: TensorName, role: z.literal('probability'), label: Slug }),
  /** float32 [1], finite, within `range`. */
  z.strictObject({
    tensor: TensorName,
    role: z.literal('measurement'),
    label: Slug,
    quantity: CodedConcept,
    /** UCUM. */
    unit: z.string().min(1).max(16),
    range: z.strictObject({ min: z.number(), max: z.number() }),
  }),
  /** uint8 [1, 1, slices, rows, columns]: not 0 is inside. */
  z.strictObject({ tensor: TensorName, role: z.literal('mask'), label: Slug }),
]);
export type ModelOutput = z.infer<typeof ModelOutput>;

/** One thing a model can say, in words that claim no more than the model can see. */
export const ModelLabel = z.strictObject({
  id: Slug,
  /** What people read, in words that claim no more than the model can see. A site's own model brings its own. */
  name: z.string().min(1).max(64),
  /** What the finding is called towards other systems. */
  concept: CodedConcept,
  anatomy: CodedConcept.nullable(),
  acrCategory: AcrCategory,
  /** Flagged from this probability on. */
  flagFrom: z.number().min(0).max(1),
});
export type ModelLabel = z.infer<typeof ModelLabel>;

export const GoldenCase = z.strictObject({
  name: Slug,
  /** gzip of int16 little endian, slice, row, column. */
  volume: z.string().regex(/^golden\/[a-z0-9-]+\.i16\.gz$/),
  shape: z.tuple([z.number().int(), z.number().int(), z.number().int()]),
  spacingMm: z.tuple([z.number(), z.number(), z.number()]),
  sliceExtentsMm: z.array(z.number().positive()),
  /** Expected values of one-element outputs by tensor name; for a mask the number of pixels inside. */
  expected: z.record(TensorName, z.number()),
});
export type GoldenCase = z.infer<typeof GoldenCase>;

export const ModelManifest = z
  .strictObject({
    schema: z.literal(1),
    id: Slug,
    name: z.string().min(1),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    vendor: z.string().min(1),
    modelFile: z.literal('model.onnx'),
    /** SHA-256 of the model file, in hexadecimal. */
    modelDigest: z.string().regex(/^[0-9a-f]{64}$/),
    clinicalUse: ClinicalUse,
    /** In the vendor's words. */
    intendedUse: z.string().min(1).max(500),
    permittedUses: z.array(ModelUse),
    appliesTo: AppliesTo,
    seriesRanking: SeriesRanking,
    preprocessing: Preprocessing,
    inputs: z.array(ModelInput).min(1),
    outputs: z.array(ModelOutput).min(1),
    labels: z.array(ModelLabel).min(1),
    /** How far a replay may differ: absolute, or relative to the expected value, whichever allows more. */
    replayTolerance: z.strictObject({ absolute: z.number().nonnegative(), relative: z.number().nonnegative() }),
    /** After this the row stands unflagged while the run goes on. */
    toleranceMs: z.number().int().positive(),
    /** After this the run is killed. */
    budgetMs: z.number().int().positive(),
    memoryMb: z.number().int().positive(),
    goldenCases: z.array(GoldenCase).min(1),
  })
  .refine(inputsAreComplete, 'needs one volume input, and no role twice')
  .refine(labelsExist, 'an output names a label that is not listed')
  .refine((manifest) => manifest.budgetMs >= manifest.toleranceMs, 'the budget is shorter than the tolerance');
export type ModelManifest = z.infer<typeof ModelManifest>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'iu');
    return true;
  } catch {
    return false; // the answer to the question, not an accident
  }
}

function inputsAreComplete(manifest: { readonly inputs: readonly ModelInput[] }): boolean {
  const roles = manifest.inputs.map((input) => input.role);
  return roles.includes('volume') && new Set(roles).size === roles.length;
}

function labelsExist(manifest: {
  readonly labels: readonly ModelLabel[];
  readonly outputs: readonly ModelOutput[];
}): boolean {
  return manifest.outputs.every((output) => manifest.labels.some((label) => label.id === output.label));
}
