import { z } from 'zod';
import { RemoteServer, WANTED_PROVIDERS } from '../../../../shared/domain/provider.ts';
import { RawOutputPolicy } from '../../../../shared/domain/receipt.ts';
import { readPublicKey } from '../public-key.ts';

/** Which models run, how, and what is kept and watched of it. */
export const InferenceSettings = z
  .strictObject({
    providers: z
      .array(z.enum(WANTED_PROVIDERS))
      .min(1)
      .default(['cpu'])
      .describe(
        'What models are computed with, in the order tried: each model on the first of these where its golden cases hold. `remote`: the servers of `inference.remotes` that serve it.',
      ),
    remotes: z
      .array(RemoteServer)
      .default([])
      .describe(
        'Servers of the Open Inference Protocol (KServe v2, as Triton speaks it). Pixels go to them, and no names.',
      ),
    threads: z.number().int().min(1).max(64).default(2).describe('Threads one model may compute with.'),
    modelFolders: z
      .array(z.string())
      .default([])
      .describe('Folders of model packages, each a folder or a ZIP, beside those shipped.'),
    shippedModels: z
      .union([z.literal('all'), z.array(z.string().min(1))])
      .default('all')
      .describe('Which of the shipped reference models are installed: `all`, or a list of their ids.'),
    signers: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(120).describe('As the signature of a package names its signer.'),
          publicKey: z
            .string()
            .refine((text) => readPublicKey(text) !== null, 'an Ed25519 public key, as PEM or 32 bytes in base64')
            .describe('The Ed25519 public key, as PEM or as its 32 bytes in base64.'),
        }),
      )
      .default([])
      .describe('Whose signatures of model packages are checked. A wrong signature refuses its package.'),
    warmModelsMb: z
      .number()
      .int()
      .nonnegative()
      .default(2048)
      .describe(
        'MiB that models may take together which stay loaded for the next run; the least recently used goes first.',
      ),
    rawOutputs: z
      .strictObject({
        keep: RawOutputPolicy.default('numbers').describe(
          'What is kept of what a model gave, beside its receipt: `none`, the `numbers` (per slice and place too), or `all`, every tensor as it was, which takes time and room.',
        ),
        keepDays: z.number().int().min(1).max(36_500).default(365).describe('Days after which it is let go.'),
        mostMb: z.number().int().min(1).default(1024).describe('MiB of it in all; what is over goes, oldest first.'),
      })
      .prefault({}),
    watch: z
      .strictObject({
        coveragePercent: z
          .number()
          .min(0)
          .max(100)
          .default(95)
          .describe('A model that reads less of its eligible studies than this raises an alarm.'),
        coverageDays: z.number().int().min(1).max(90).default(7).describe('Over how many days that is counted.'),
        coverageStudies: z
          .number()
          .int()
          .min(1)
          .default(20)
          .describe('Fewer studies than this raise no alarm, of a model or of a scanner.'),
        driftSuspends: z
          .boolean()
          .default(false)
          .describe(
            'Suspends a model in a week after which its inputs or scores have moved far from the silent weeks.',
          ),
      })
      .prefault({}),
  })
  .prefault({});
