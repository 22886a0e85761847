import { z } from 'zod';

/** How much of the disk stays free. */
export const DiskSettings = z
  .strictObject({
    lowBytes: z
      .number()
      .int()
      .positive()
      .default(10 * 2 ** 30)
      .describe('Below this much free space the strip warns, and the cache lets go of what it may.'),
    refuseBytes: z
      .number()
      .int()
      .positive()
      .optional()
      .describe(
        'Below this much, new associations are refused for now (2/3/1). Left out: a quarter of the way from fullBytes to lowBytes.',
      ),
    fullBytes: z
      .number()
      .int()
      .positive()
      .default(2 * 2 ** 30)
      .describe('Below this much, objects are refused with A700.'),
  })
  .prefault({});

/** What becomes of what was set aside. */
export const QuarantineSettings = z
  .strictObject({
    keepDiscardedDays: z
      .number()
      .int()
      .min(1)
      .default(30)
      .describe(
        'Days after which what a person discarded from quarantine is deleted; until then it can be taken back.',
      ),
  })
  .prefault({});

/** How often what is stored is read again. */
export const IntegritySettings = z
  .strictObject({
    everyDays: z.number().positive().default(30).describe('Days after which every stored object is read again.'),
    bytesPerSecond: z
      .number()
      .int()
      .min(64 * 1024)
      .default(10 * 2 ** 20)
      .describe('How much a second may be read for that, and written while keys are rotated.'),
  })
  .prefault({});
