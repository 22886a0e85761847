import { z } from 'zod';
import { CodedConcept, Slug } from './coded-concept.ts';
import { AppliesTo, SeriesRanking } from './model-applies-to.ts';
import { Preprocessing } from './model-preprocessing.ts';
import { ModelInput, ModelOutput, TENSOR_TYPES, TensorName } from './model-tensors.ts';
import { AcrCategory } from './urgency.ts';

/** The manifest of a model package: all the station knows of a model. No code is written per model. */

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hexadecimal');
/** A file of the package, below its folder. */
const PackageFile = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/, 'a file below the package, without ..');

/** What a model may be used for; each use is granted apart. */
export const MODEL_USES = ['flag', 'mark', 'measure', 'draft', 'quality', 'notify'] as const;
export const ModelUse = z.enum(MODEL_USES);
export type ModelUse = z.infer<typeof ModelUse>;

/** How far a model is cleared. `none` leaves silent exposure in a demo data directory only. */
export const CLINICAL_USES = ['none', 'research', 'cleared'] as const;
export const ClinicalUse = z.enum(CLINICAL_USES);
export type ClinicalUse = z.infer<typeof ClinicalUse>;

/** What the score of a label is: a probability of `classes`, the best box, or what a segmentation or number comes to. */
export const LABEL_SCORES = ['probability', 'best-box', 'boxes', 'volume-ml', 'number'] as const;

/** One thing a model can say, in words that claim no more than the model can see. */
export const ModelLabel = z.strictObject({
  id: Slug,
  /** What people read. A site's own model brings its own words. */
  name: z.string().min(1).max(64),
  /** What the finding is called towards other systems. */
  concept: CodedConcept,
  anatomy: CodedConcept.nullable().default(null),
  acrCategory: AcrCategory,
  score: z.enum(LABEL_SCORES).default('probability'),
  /** Flagged from this score on; null: never by itself. */
  flagFrom: z.number().nullable(),
  /** From here up to `flagFrom` the model says *uncertain*. */
  uncertainFrom: z.number().optional(),
});
export type ModelLabel = z.infer<typeof ModelLabel>;

/** Thresholds that a site may choose instead of the labels' own; what the vendor tested. */
export const OperatingPoint = z.strictObject({
  id: Slug,
  name: z.string().min(1).max(64),
  flagFrom: z.record(Slug, z.number().nullable()),
  uncertainFrom: z.record(Slug, z.number()).default({}),
});
export type OperatingPoint = z.infer<typeof OperatingPoint>;

/** Numbers that a model is given as they are, and what it makes of them: proof that it computes here what it did at home. */
export const GoldenCase = z.strictObject({
  name: Slug,
  /** Each input tensor: raw little-endian numbers in gzip, stored as one type and given as the input's. */
  inputs: z.record(
    TensorName,
    z.strictObject({ file: PackageFile, stored: z.enum(TENSOR_TYPES), dims: z.array(z.number().int().min(1)).max(6) }),
  ),
  /** What is held against each output tensor: its first values, its mean, its extremes, how many are above a number. */
  expected: z.record(
    TensorName,
    z
      .strictObject({
        values: z.array(z.number()).min(1).max(1024).optional(),
        mean: z.number().optional(),
        min: z.number().optional(),
        max: z.number().optional(),
        above: z.strictObject({ threshold: z.number(), count: z.number().int().min(0) }).optional(),
      })
      .refine((one) => Object.values(one).some((value) => value !== undefined), 'expects nothing'),
  ),
});
export type GoldenCase = z.infer<typeof GoldenCase>;

const Fields = z.strictObject({
  schema: z.literal(2),
  id: Slug,
  name: z.string().min(1).max(120),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'three numbers such as 1.0.0'),
  vendor: z.string().min(1).max(120),
  modelFile: PackageFile.default('model.onnx'),
  /** SHA-256 of the model file, in hexadecimal. */
  modelDigest: Sha256,
  /** Files that the model keeps its weights in, beside it. */
  externalData: z
    .array(z.strictObject({ file: PackageFile, digest: Sha256 }))
    .max(64)
    .default([]),
  clinicalUse: ClinicalUse,
  /** In the vendor's words. */
  intendedUse: z.string().min(1).max(1000),
  permittedUses: z.array(ModelUse),
  appliesTo: AppliesTo,
  seriesRanking: SeriesRanking,
  preprocessing: Preprocessing,
  inputs: z.array(ModelInput).min(1).max(32),
  outputs: z.array(ModelOutput).min(1).max(32),
  labels: z.array(ModelLabel).min(1).max(512),
  operatingPoints: z.array(OperatingPoint).max(16).default([]),
  /** How far a replay may differ: absolute, or relative to the expected value, whichever allows more. */
  replayTolerance: z.strictObject({ absolute: z.number().nonnegative(), relative: z.number().nonnegative() }),
  /** After this the row stands unflagged while the run goes on. */
  toleranceMs: z.number().int().positive(),
  /** After this the run is killed. */
  budgetMs: z.number().int().positive(),
  /** What a run takes at most. */
  memoryMb: z.number().int().positive(),
  /** Under which the vendor may change the model within what was cleared. */
  changeControlId: z.string().min(1).max(120).optional(),
  goldenCases: z.array(GoldenCase).min(1).max(64),
});

export const ModelManifest = Fields.superRefine((manifest, context) => {
  for (const { path, message } of contradictions(manifest)) context.addIssue({ code: 'custom', path, message });
});
export type ModelManifest = z.infer<typeof ModelManifest>;

type Contradiction = { readonly path: (string | number)[]; readonly message: string };
type Contents = z.infer<typeof Fields>;

/** What each field allows and the manifest as a whole does not. */
function contradictions(manifest: Contents): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const tell = (path: (string | number)[], message: string) => found.push({ path, message });
  if (manifest.budgetMs < manifest.toleranceMs) tell(['budgetMs'], 'shorter than toleranceMs');
  if (!manifest.inputs.some(({ role }) => role === 'image')) tell(['inputs'], 'none has the role image');
  const labels = new Set(manifest.labels.map(({ id }) => id));
  for (const list of ['labels', 'operatingPoints'] as const)
    for (const [index, { id }] of manifest[list].entries())
      if (manifest[list].findIndex((one) => one.id === id) < index) tell([list, index, 'id'], `${id} is there twice`);
  for (const list of ['inputs', 'goldenCases'] as const) {
    const names = manifest[list].map((one) => ('tensor' in one ? one.tensor : one.name));
    for (const [index, name] of names.entries())
      if (names.indexOf(name) < index) tell([list, index], `${name} is there twice`);
  }
  for (const [index, output] of manifest.outputs.entries()) {
    const named = output.role === 'number' ? [output.label] : output.classes;
    for (const label of named)
      if (label !== null && !labels.has(label)) tell(['outputs', index], `label ${label} is not in labels`);
  }
  for (const [index, label] of manifest.labels.entries()) {
    if (!manifest.outputs.some((output) => gives(output, label)))
      tell(['labels', index, 'score'], `no output gives a ${label.score} for ${label.id}`);
    if (label.uncertainFrom !== undefined && (label.flagFrom === null || label.uncertainFrom > label.flagFrom))
      tell(['labels', index, 'uncertainFrom'], 'above flagFrom');
  }
  for (const [index, point] of manifest.operatingPoints.entries())
    for (const id of [...Object.keys(point.flagFrom), ...Object.keys(point.uncertainFrom)])
      if (!labels.has(id)) tell(['operatingPoints', index], `label ${id} is not in labels`);
  const { source, steps, sampling } = manifest.preprocessing;
  if (source.arrangement === 'images') {
    for (const [index, step] of steps.entries())
      if (step.do === 'orient')
        tell(['preprocessing', 'steps', index], 'single images have no direction in the patient');
    if (sampling.kind === 'slabs' || sampling.kind === 'volume')
      tell(['preprocessing', 'sampling'], `single images are no ${sampling.kind}`);
  }
  if (source.colour === 'rgb' && source.arrangement === 'volume')
    tell(['preprocessing', 'source', 'colour'], 'a volume is grey');
  return found;
}

/** Whether an output gives the score that a label is flagged by. */
function gives(output: ModelOutput, label: ModelLabel): boolean {
  const named = output.role === 'number' ? output.label === label.id : output.classes.includes(label.id);
  const by = { classes: 'probability', number: 'number', segmentation: 'volume-ml', heatmap: null } as const;
  if (output.role === 'boxes') return named && (label.score === 'best-box' || label.score === 'boxes');
  return named && by[output.role] === label.score;
}
