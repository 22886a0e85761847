import { z } from 'zod';

/** A name for machines: lower case, digits and single hyphens. */
export const Slug = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');

/** A code, the scheme it is of and its meaning (PS3.3 §8.8). */
export const CodedConcept = z.strictObject({
  value: z.string().min(1).max(64).describe('The code, such as `1386000`.'),
  scheme: z.string().min(1).max(16).describe('Its coding scheme as DICOM names it: `SCT`, `DCM`, `RADLEX`, `99YOURS`.'),
  meaning: z.string().min(1).max(64).describe('What the code means, in English.'),
});
export type CodedConcept = z.infer<typeof CodedConcept>;
