import { z } from 'zod';

/** Which studies and series a model reads, as data. Patterns are regular expressions without regard to case. */

const Pattern = z.string().min(1).max(200).refine(isPattern, 'not a regular expression');
const DicomKeyword = z.string().regex(/^[A-Z0-9][A-Z0-9_ ]*$/, 'a DICOM code string');
const Span = (most: number) => z.strictObject({ min: z.number().min(0).max(most), max: z.number().min(0).max(most) });

export const AppliesTo = z.strictObject({
  modalities: z.array(z.string().regex(/^[A-Z]{2,4}$/, 'a modality such as CT')).min(1),
  /** At least one of: body part equal to one of these, or a description matching a pattern; both empty: any exam of the modality. */
  bodyParts: z.array(DicomKeyword).default([]),
  descriptionPatterns: z.array(Pattern).default([]),
  /** A study or series description matching one of these is never read. */
  excludedDescriptionPatterns: z.array(Pattern).default([]),
  requiredImageTypes: z.array(DicomKeyword).default([]),
  excludedImageTypes: z.array(DicomKeyword).default([]),
  /** Of the slices; `any` where the model does not mind, or images have no place in the patient. */
  orientation: z.enum(['axial', 'coronal', 'sagittal', 'any']).default('any'),
  /** View positions of projection images (PS3.3 §C.8.1.1), such as PA; empty: any. */
  viewPositions: z.array(DicomKeyword).default([]),
  /** Left out: any, and images that do not say. */
  sliceThicknessMm: Span(1000).optional(),
  /** How many images the series has. */
  slices: z
    .strictObject({ min: z.number().int().min(1), max: z.number().int().max(10_000) })
    .default({ min: 1, max: 10_000 }),
  /** `absent`: a series known to carry contrast is not read; `present`: one that is not known to. */
  contrast: z.enum(['absent', 'present', 'any']).default('any'),
  /** Images compressed with loss are read where this says so. */
  lossyCompression: z.enum(['refuse', 'accept']).default('refuse'),
  /** Whom the model was made for; who is outside, or whose age or sex is not known where it counts, is not read. */
  population: z
    .strictObject({
      ageYears: Span(150).optional(),
      sexes: z
        .array(z.enum(['M', 'F', 'O']))
        .min(1)
        .optional(),
    })
    .default({}),
  /** Left out of what is read: quality below this. */
  minimum: z
    .strictObject({ rows: z.number().int().min(1).optional(), columns: z.number().int().min(1).optional() })
    .default({}),
});
export type AppliesTo = z.infer<typeof AppliesTo>;

/** How the best of several eligible series is chosen: each rule adds points, most points win, then most slices. */
export const SeriesRanking = z
  .strictObject({
    preferredKernelPatterns: z.array(z.strictObject({ pattern: Pattern, points: z.number() })).default([]),
    preferredDescriptionPatterns: z.array(z.strictObject({ pattern: Pattern, points: z.number() })).default([]),
    preferredThicknessMm: z
      .strictObject({ value: z.number().positive(), pointsPerMmAway: z.number().max(0) })
      .optional(),
  })
  .prefault({});
export type SeriesRanking = z.infer<typeof SeriesRanking>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'iu');
    return true;
  } catch {
    return false; // the answer to the question, not an accident
  }
}
