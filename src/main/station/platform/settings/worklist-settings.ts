import { z } from 'zod';

/** When studies leave the open worklist. */
export const WorklistSettings = z
  .strictObject({
    reportedAfterDays: z
      .number()
      .positive()
      .default(3)
      .describe('Days after which a study with a final report leaves the open list; it is found among the archived.'),
    seenAfterDays: z
      .number()
      .positive()
      .default(30)
      .describe(
        'Days after which a study leaves the open list that was opened and never reported here, or that came for comparison.',
      ),
  })
  .prefault({});
