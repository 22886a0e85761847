import { z } from 'zod';
import { Slug } from './coded-concept.ts';
import { AppliesTo, SeriesRanking } from './model-applies-to.ts';

/** What a model is given beside its own series: other series of the study, and what other models said of it. */

const Version = z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/, 'three numbers such as 1.0.0');

/** Another series of the same study that a model needs. */
export const OtherSeries = z.strictObject({
  id: Slug.describe('By which inputs and planes name it.'),
  appliesTo: AppliesTo.describe(
    'Which series it is. The series that the model reads, and those named before, are not chosen again.',
  ),
  seriesRanking: SeriesRanking.describe('Which of several that fit.'),
});
export type OtherSeries = z.infer<typeof OtherSeries>;

/** Another installed model whose answer a model needs. */
export const ModelFeed = z
  .strictObject({
    id: Slug.describe('By which inputs and planes name it.'),
    model: Slug.describe('The `id` of the other model.'),
    versions: z
      .strictObject({ from: Version.describe('This one or later.'), below: Version.describe('Earlier than this one.') })
      .optional()
      .describe('Which versions of it; left out, any.'),
    manifestDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hexadecimal')
      .optional()
      .describe('By what the package is known (see *What is in a package*), where only one will do.'),
  })
  .describe('Another installed model, which has to have read the study first.');
export type ModelFeed = z.infer<typeof ModelFeed>;

/** A channel of the grid beside that of the model's own series, brought onto it by patient coordinates. */
export const Plane = z.discriminatedUnion('from', [
  z
    .strictObject({ from: z.literal('series'), series: Slug.describe('The id of one of `otherSeries`.') })
    .describe(
      'Another series, linear between its cells at the places in the patient where the model’s own series has its own; both in one frame of reference, volumes both.',
    ),
  z
    .strictObject({
      from: z.literal('feed'),
      feed: Slug.describe('The id of one of `feeds`.'),
      label: Slug.describe('A label of that model, of a segmentation or of boxes.'),
      what: z
        .enum(['mask', 'boxes', 'best-box'])
        .default('mask')
        .describe(
          '1 where the other model set its `mask`; or, on every frame that they cross, in its `boxes`, of which a run keeps the best 200 for others; or in the one with the highest score.',
        ),
      whenNothing: z
        .enum(['not-run', 'not-applicable', 'go-on'])
        .default('not-run')
        .describe(
          'Where the other model read the series and found nothing of the label, or nothing on any image of it. `not-run`: the study says *not run*, as it found nothing to read. `not-applicable`: there is nothing for this model to judge; beside other models that have read the study nothing is said of it, and alone it says so. `go-on`: it is run on a plane of zeros. Never *no flag* of images that the model did not see. Of several images, each a sample of its own (`slices`) or changed by what it shows, those without anything are left out, unless `go-on`.',
        ),
    })
    .describe('1 where the other model found something, else 0; it has to have read the same series.'),
]);
export type Plane = z.infer<typeof Plane>;
