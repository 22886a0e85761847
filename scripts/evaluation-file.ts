import { z } from 'zod';
import { QUALITY_PROBLEMS } from './phantom-plans.ts';

/** What was measured of a shipped model: one row a phantom, and what it says of the real series. Beside its package, as evaluation.json. */

const HeadCase = z.strictObject({
  index: z.number(),
  kind: z.string(),
  sliceMm: z.number(),
  truthMl: z.number(),
  saidMl: z.number(),
  isFlagged: z.boolean(),
});
export type HeadCase = z.infer<typeof HeadCase>;

const ChestCase = z.strictObject({
  index: z.number(),
  sliceMm: z.number(),
  kernel: z.string(),
  noiseHu: z.number(),
  nodules: z.array(
    z.strictObject({
      kind: z.string(),
      mm: z.number(),
      ml: z.number(),
      /** Of the box that is at it; null where none is from the threshold on. */
      saidMm: z.number().nullable(),
    }),
  ),
  /** Boxes from the threshold on that are at no nodule. */
  elsewhere: z.number(),
});
export type ChestCase = z.infer<typeof ChestCase>;

const QualityCase = z.strictObject({
  index: z.number(),
  of: z.enum(['head', 'chest']),
  problem: z.enum(QUALITY_PROBLEMS),
  flagged: z.array(z.string()),
  numbers: z.record(z.string(), z.number()),
});
export type QualityCase = z.infer<typeof QualityCase>;

const RealAnswer = z.strictObject({
  series: z.string(),
  slices: z.number(),
  wasLookedAt: z.boolean(),
  /** In words, as the model put it. */
  says: z.array(z.string()),
});

const Common = {
  version: z.string(),
  modelDigest: z.string(),
  firstSeed: z.number(),
  tunedOn: z.strictObject({ firstSeed: z.number(), count: z.number() }),
  real: z.array(RealAnswer),
};
export const Evaluation = z.discriminatedUnion('model', [
  z.strictObject({ model: z.literal('head-ct-hyperdense'), ...Common, cases: z.array(HeadCase) }),
  z.strictObject({ model: z.literal('chest-ct-nodules'), ...Common, cases: z.array(ChestCase) }),
  z.strictObject({ model: z.literal('ct-series-quality'), ...Common, cases: z.array(QualityCase) }),
]);
export type Evaluation = z.infer<typeof Evaluation>;
