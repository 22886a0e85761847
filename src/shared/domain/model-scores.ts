import { z } from 'zod';

/** How raw numbers of a model become scores, probabilities, and one number of a series. */

export const Activation = z
  .enum(['none', 'sigmoid', 'softmax', 'signed', 'exp'])
  .default('none')
  .describe(
    'What makes scores of the raw numbers; `softmax` over the classes; `signed`: (x + 1) / 2 of numbers from −1 to 1 (tanh); `exp` of logarithms (log-softmax).',
  );
export type Activation = z.infer<typeof Activation>;

export const Aggregation = z
  .discriminatedUnion('how', [
    z.strictObject({ how: z.enum(['max', 'mean', 'any', 'min', 'median']).describe('Of all samples.') }),
    z.strictObject({ how: z.literal('top-mean'), share: z.number().positive().max(1).describe('Of the samples.') }),
  ])
  .default({ how: 'max' })
  .describe(
    'What the samples of a series make of one number: the highest (`max`, or `any`: any of them reaches a threshold where the highest does), the lowest, their mean or median, or the mean of the highest `share` (`top-mean`).',
  );
export type Aggregation = z.infer<typeof Aggregation>;

/** How a raw score becomes a probability that is what it says. */
export const Calibration = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('temperature'),
      temperature: z.number().positive().describe('Above 1 is less sure.'),
    })
    .describe('Raw numbers are divided by it before the activation.'),
  z
    .strictObject({
      kind: z.literal('platt'),
      slope: z.number().describe('See above.'),
      intercept: z.number().describe('See above.'),
    })
    .describe('sigmoid(slope · logit of the score + intercept).'),
  z
    .strictObject({
      kind: z.literal('isotonic'),
      knots: z
        .array(z.tuple([z.number(), z.number().min(0).max(1)]))
        .min(2)
        .max(256)
        .refine((knots) => knots.every(([x], at) => at === 0 || x > (knots[at - 1]?.[0] ?? 0)), 'scores that rise')
        .describe('Pairs of score and probability, scores rising.'),
    })
    .describe('Linear between the knots, flat beyond them.'),
]);
export type Calibration = z.infer<typeof Calibration>;
