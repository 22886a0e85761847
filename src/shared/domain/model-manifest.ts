import { z } from 'zod';
import { CodedConcept, Slug } from './coded-concept.ts';
import { FlagWhen } from './flag-when.ts';
import { AppliesTo, SeriesRanking } from './model-applies-to.ts';
import { listContradictions } from './model-contradictions.ts';
import { Preprocessing } from './model-preprocessing.ts';
import { ModelFeed, OtherSeries } from './model-sources.ts';
import { ModelInput } from './model-inputs.ts';
import { ModelOutput } from './model-outputs.ts';
import { TensorName, TensorType } from './model-tensors.ts';
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
export const LABEL_SCORES = ['probability', 'best-box', 'boxes', 'volume-ml', 'cells', 'peak', 'number'] as const;
export type LabelScore = (typeof LABEL_SCORES)[number];

/** One thing a model can say, in words that claim no more than the model can see. */
export const ModelLabel = z.strictObject({
  id: Slug.describe('By which outputs name it.'),
  name: z.string().min(1).max(64).describe('What people read, in words that claim no more than the model can see.'),
  concept: CodedConcept.describe('What the finding is called towards other systems.'),
  anatomy: CodedConcept.nullable().default(null).describe('Where it is, towards other systems.'),
  acrCategory: AcrCategory.describe('1 critical, 2 urgent, 3 neither: the most that a flag can raise a study to.'),
  score: z
    .enum(LABEL_SCORES)
    .default('probability')
    .describe(
      'What is held against the thresholds: `probability` of an output `classes`; `best-box`, the score of the best box; `boxes`, how many there are; `volume-ml`, `cells` or `peak` (highest value) of a segmentation; `number` of an output `number`.',
    ),
  flagWhen: FlagWhen.default('at-least').describe(
    '`at-least`: a high score is bad, flagged at `flagFrom` and above; `at-most`: a low one is (bone density, ejection fraction, volume of a hippocampus), flagged at `flagFrom` and below. `at-most` of a `probability`, `number`, `volume-ml` or `cells`, whose output is aggregated by `min`, `mean` or `median`.',
  ),
  flagFrom: z
    .number()
    .nullable()
    .describe('Flagged from this score on, upwards or (`at-most`) downwards; null: never by itself.'),
  uncertainFrom: z
    .number()
    .optional()
    .describe(
      'From here to `flagFrom` the model says *uncertain*: below it, or above it where `flagWhen` is `at-most`.',
    ),
});
export type ModelLabel = z.infer<typeof ModelLabel>;

/** Thresholds that a site may choose instead of the labels' own; what the vendor tested. */
export const OperatingPoint = z.strictObject({
  id: Slug.describe('By which a site names it.'),
  name: z.string().min(1).max(64).describe('What people read.'),
  flagFrom: z.record(Slug, z.number().nullable()).describe('By label; a label left out keeps its own.'),
});
export type OperatingPoint = z.infer<typeof OperatingPoint>;

/** No more numbers than a golden input may have: 1 GiB as float32. */
const MOST_NUMBERS = 2 ** 28;
const GoldenInput = z.strictObject({
  file: PackageFile.describe('Gzip of the raw numbers, little-endian, the last axis fastest.'),
  stored: TensorType.describe('As which type they are stored; given to the model as its input’s type.'),
  dims: z
    .array(z.number().int().min(1))
    .max(6)
    .refine(
      (dims) => dims.reduce((product, size) => product * size, 1) <= MOST_NUMBERS,
      `at most ${MOST_NUMBERS} numbers`,
    )
    .describe('Shape of the tensor.'),
});
const GoldenExpectation = z
  .strictObject({
    values: z.array(z.number()).min(1).max(1024).optional().describe('Its first numbers.'),
    mean: z.number().optional().describe('The mean of all of them.'),
    min: z.number().optional().describe('The least.'),
    max: z.number().optional().describe('The greatest.'),
    above: z
      .strictObject({ threshold: z.number(), count: z.number().int().min(0) })
      .optional()
      .describe('How many are above a number.'),
  })
  .refine(
    (one) => Object.values(one).some((value) => value !== undefined),
    'at least one of values, mean, min, max, above',
  );

/** Numbers that a model is given as they are, and what it makes of them: proof that it computes here what it did at home. */
export const GoldenCase = z.strictObject({
  name: Slug.describe('What people read in results.'),
  inputs: z.record(TensorName, GoldenInput).describe('By input tensor; all of them.'),
  expected: z
    .record(TensorName, GoldenExpectation)
    .refine((expected) => Object.keys(expected).length > 0, 'at least one output tensor')
    .describe('By output tensor, as the model gives it: before any activation here.'),
});
export type GoldenCase = z.infer<typeof GoldenCase>;

/** A tensor of whole numbers that stand for others. */
export const QuantisedTensor = z.strictObject({
  tensor: TensorName.describe('An input or an output.'),
  scale: z.number().positive().describe('The number that stands there is (q − zeroPoint) · scale.'),
  zeroPoint: z.number().int().min(-32_768).max(65_535).default(0).describe('See scale.'),
});
export type QuantisedTensor = z.infer<typeof QuantisedTensor>;

const Fields = z.strictObject({
  schema: z.literal(2).describe('The form of this manifest.'),
  id: Slug.describe('What the model is called by machines; the same in every version.'),
  name: z.string().min(1).max(120).describe('What people read.'),
  version: z
    .string()
    .regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/, 'three numbers such as 1.0.0')
    .describe('Of the model; of several packages the highest counts.'),
  vendor: z.string().min(1).max(120).describe('Who answers for it.'),
  modelFile: PackageFile.default('model.onnx').describe('The ONNX file.'),
  modelDigest: Sha256.describe('SHA-256 of the ONNX file.'),
  externalData: z
    .array(
      z.strictObject({
        file: PackageFile.describe('Where it lies, as the ONNX file names it, beside that.'),
        digest: Sha256.describe('Its SHA-256.'),
      }),
    )
    .max(64)
    .default([])
    .describe('Files that the ONNX file keeps weights in. One that is not listed is not read.'),
  clinicalUse: ClinicalUse.describe(
    '`none`: for demonstration, leaves silent exposure nowhere but in a demo; `research`; `cleared`: a medical device for the intended use.',
  ),
  intendedUse: z.string().min(1).max(1000).describe('In the vendor’s words.'),
  permittedUses: z
    .array(ModelUse)
    .max(MODEL_USES.length)
    .describe(
      'What a site may let it do: raise studies (`flag`), draw (`mark`), measure, draft text, judge `quality`, `notify` people.',
    ),
  appliesTo: AppliesTo.describe('Which series it reads.'),
  seriesRanking: SeriesRanking.describe(
    'Which of several that fit it reads: most points, then most slices, then the lowest number.',
  ),
  otherSeries: z
    .array(OtherSeries)
    .max(8)
    .default([])
    .describe(
      'Other series of the study that it needs beside the one it reads, such as further MR sequences or mammography views. A study that lacks one is not read.',
    ),
  feeds: z
    .array(ModelFeed)
    .max(8)
    .default([])
    .describe(
      'Other models whose answers it needs. It waits for them; where one has no answer it is not run, and says which.',
    ),
  preprocessing: Preprocessing.describe('What is done to the series before.'),
  inputs: z.array(ModelInput).min(1).max(32).describe('Every input tensor of the model that has no value of its own.'),
  outputs: z.array(ModelOutput).min(1).max(32).describe('The output tensors that are read; others are left alone.'),
  quantised: z
    .array(QuantisedTensor)
    .max(64)
    .default([])
    .describe('Tensors of whole numbers that stand for others. Golden cases hold them as they are.'),
  labels: z.array(ModelLabel).max(512).describe('What it can say; none where it only feeds other models.'),
  operatingPoints: z
    .array(OperatingPoint)
    .max(16)
    .default([])
    .describe('Thresholds that a site may choose instead of the labels’ own.'),
  replayTolerance: z
    .strictObject({
      absolute: z.number().nonnegative().describe('In the unit of the number.'),
      relative: z.number().nonnegative().describe('A share of the expected number.'),
    })
    .describe('How far a number may differ from what was expected: whichever of the two allows more.'),
  toleranceMs: z
    .number()
    .int()
    .positive()
    .describe('Milliseconds after which the row stands unflagged while the run goes on.'),
  budgetMs: z.number().int().positive().describe('Milliseconds after which the run is ended.'),
  memoryMb: z.number().int().positive().describe('Mebibytes that a run takes at most.'),
  changeControlId: z
    .string()
    .min(1)
    .max(120)
    .optional()
    .describe('The plan under which the vendor may change the model within what was cleared.'),
  goldenCases: z
    .array(GoldenCase)
    .min(1)
    .max(64)
    .describe(
      'Proof that the model computes here what it did at home. The inputs of one case take no more than `memoryMb`.',
    ),
});
export type ManifestFields = z.infer<typeof Fields>;

export const ModelManifest = Fields.superRefine((manifest, context) => {
  for (const { path, message, input } of listContradictions(manifest))
    context.addIssue({ code: 'custom', path, message, input });
});
export type ModelManifest = z.infer<typeof ModelManifest>;
/** A manifest as somebody writes it: what has a default may be left out. */
export type WrittenManifest = z.input<typeof Fields>;
