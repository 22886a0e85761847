import { z } from 'zod';
import { patternCost } from './pattern-cost.ts';

/** Which studies and series a model reads, as data. Patterns are regular expressions without regard to case. */

const LONGEST_PATTERN = 200;
/** Tried in that many ways from each place, a text takes some ten milliseconds. */
const MOST_WAYS = 30_000;
const MOST_WAYS_OF_ALL = 60_000;
const Pattern = z
  .string()
  .min(1)
  .max(LONGEST_PATTERN)
  .refine(isPattern, 'not a regular expression')
  // A description comes from the network: no text of it may keep the station matching for seconds.
  .refine((text) => !repeatsGroup(text), 'a regular expression that repeats no group')
  .refine(
    (text) => costOf(text) <= MOST_WAYS,
    'a regular expression with fewer repeats, optional parts and alternatives one after another',
  );
const Patterns = z
  .array(Pattern)
  .max(64)
  .refine(
    (patterns) => areFewWays(patterns),
    'regular expressions with fewer repeats, optional parts and alternatives in all',
  )
  .default([]);
const CodeStrings = z
  .array(z.string().regex(/^[A-Z0-9][A-Z0-9_ ]{0,15}$/, 'a DICOM code string in capitals'))
  .max(64)
  .default([]);
const Span = (most: number) =>
  z
    .strictObject({ min: z.number().min(0).max(most), max: z.number().min(0).max(most) })
    .refine(({ min, max }) => min <= max, 'a span whose min is not above its max');

/** What an image or series may leave unsaid and be read all the same, where a manifest says so. */
export const ABSENT_FACTS = ['image-type', 'kernel', 'view', 'laterality', 'thickness', 'pixel-size'] as const;
export type AbsentFact = (typeof ABSENT_FACTS)[number];

/** Directions in which slices may lie; a slice is called so where its normal is within 37° of the body's axis. */
export const ORIENTATIONS = ['axial', 'coronal', 'sagittal', 'any'] as const;

export const AppliesTo = z.strictObject({
  modalities: z
    .array(z.string().regex(/^[A-Z]{2,4}$/, 'a modality such as CT'))
    .min(1)
    .max(16)
    .describe('Modality of the series (0008,0060), any of these.'),
  bodyParts: CodeStrings.describe(
    'The exam is the model’s where the body part examined (0018,0015; of the series, else of the study) is one of these, or a description matches. With both lists empty any exam of the modality is.',
  ),
  descriptionPatterns: Patterns.describe(
    'Patterns held against the study description, the series description and the protocol name.',
  ),
  excludedDescriptionPatterns: Patterns.describe(
    'Where one of the same texts matches one of these, the series is never read.',
  ),
  requiredImageTypes: CodeStrings.describe(
    'Values that image type (0008,0008) of every image must hold; of one that states none see `absentPasses`.',
  ),
  excludedImageTypes: CodeStrings.describe('Values that image type of no image may hold.'),
  absentPasses: z
    .array(z.enum(ABSENT_FACTS))
    .max(ABSENT_FACTS.length)
    .default([])
    .describe(
      'What an image may leave unsaid and pass the rule about it: image type, kernel, view, laterality, thickness or pixel size. What it does say is held against the rule as ever, and the receipt names what was passed so. Left out: what a rule asks for and nobody says refuses the series. A Secondary Capture (PS3.3 §A.8) without image type never passes for a required one.',
    ),
  orientation: z
    .enum(ORIENTATIONS)
    .default('any')
    .describe(
      'How the slices lie: their normal within 37° of head to foot (`axial`), front to back (`coronal`) or right to left (`sagittal`). `any` also for images without a place in the patient.',
    ),
  viewPositions: CodeStrings.describe('View position (0018,5101) of projection images, such as `PA`; empty: any.'),
  lateralities: CodeStrings.describe(
    'Laterality of the images (0020,0062), or of the series (0020,0060), such as `L`; empty: any.',
  ),
  images: z
    .enum(['every', 'matching'])
    .default('every')
    .describe(
      '`every`: one image that does not fit (image type, contrast, kernel, view, laterality, orientation, size, compression) refuses the series; `matching`: such images are left out, and the others are what is read, such as one view of a mammography series.',
    ),
  sliceThicknessMm: Span(1000)
    .optional()
    .describe('Slice thickness (0018,0050), the middle one of the series. Left out: any, also none stated.'),
  pixelMm: Span(1000).optional().describe('Pixel spacing, the larger of its two. Left out: any, also none stated.'),
  slices: z
    .strictObject({ min: z.number().int().min(1), max: z.number().int().max(10_000) })
    .refine(({ min, max }) => min <= max, 'a span whose min is not above its max')
    .default({ min: 1, max: 10_000 })
    .describe('How many images (frames) the series has.'),
  contrast: z
    .enum(['absent', 'present', 'any'])
    .default('any')
    .describe(
      '`absent`: a series that names a contrast agent (0018,0010) is not read; `present`: one that names none is not.',
    ),
  kernelPatterns: Patterns.describe('One of the convolution kernels (0018,1210) must match one of these; empty: any.'),
  excludedKernelPatterns: Patterns.describe('A series with a kernel that matches one of these is not read.'),
  lossyCompression: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe('Whether images that were ever compressed with loss (0028,2110) are read.'),
  population: z
    .strictObject({
      ageYears: Span(150).optional().describe('Age at the study, in years.'),
      sexes: z
        .array(z.enum(['M', 'F', 'O']))
        .min(1)
        .optional()
        .describe('Patient’s sex (0010,0040).'),
    })
    .default({})
    .describe('Whom the model was made for. Who is outside, or is not known where it counts, is not read.'),
  minimum: z
    .strictObject({
      rows: z.number().int().min(1).optional().describe('Rows of each image.'),
      columns: z.number().int().min(1).optional().describe('Columns of each image.'),
      coverageMm: z.number().positive().optional().describe('From the first slice to the last, along their normal.'),
    })
    .default({})
    .describe('Quality below which a series is not read.'),
});
export type AppliesTo = z.infer<typeof AppliesTo>;

const PointsPerPattern = z
  .array(
    z.strictObject({
      pattern: Pattern.describe('A regular expression.'),
      points: z.number().describe('Added where it matches; negative takes off.'),
    }),
  )
  .max(64)
  .refine(
    (rules) => areFewWays(rules.map(({ pattern }) => pattern)),
    'regular expressions with fewer repeats, optional parts and alternatives in all',
  )
  .default([]);

/** How the best of several eligible series is chosen: each rule adds points, most points win, then most slices. */
export const SeriesRanking = z
  .strictObject({
    preferredKernelPatterns: PointsPerPattern.describe('Points for convolution kernels.'),
    preferredDescriptionPatterns: PointsPerPattern.describe('Points for the series description.'),
    preferredThicknessMm: z
      .strictObject({
        value: z.number().positive().describe('The best thickness.'),
        pointsPerMmAway: z.number().max(0).describe('Points for each millimetre away from it: 0 or below.'),
      })
      .optional()
      .describe('Points by slice thickness.'),
  })
  .prefault({});
export type SeriesRanking = z.infer<typeof SeriesRanking>;

function areFewWays(patterns: readonly string[]): boolean {
  const costs = patterns.map(costOf).filter((cost) => cost <= MOST_WAYS);
  return costs.reduce((sum, cost) => sum + cost, 0) <= MOST_WAYS_OF_ALL;
}

function repeatsGroup(text: string): boolean {
  return /\)[*+{]/.test(text);
}

/** What is refused for another reason costs nothing. */
function costOf(text: string): number {
  return text.length <= LONGEST_PATTERN && !repeatsGroup(text) && isPattern(text) ? patternCost(text) : 0;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'iu');
    return true;
  } catch {
    return false; // the answer to the question, not an accident
  }
}
