import { z } from 'zod';

/** What people take out of the worklist, and which views they keep of it. */
export const WORKLIST_EVENTS = {
  /** The list left the station as a table or on paper; of so many rows. */
  'worklist-taken': {
    version: 1,
    payload: z.object({ form: z.enum(['csv', 'paper']), filter: z.string(), rows: z.number().int() }),
  },
  'worklist-view-saved': { version: 1, payload: z.object({ viewId: z.string(), isShared: z.boolean() }) },
  'worklist-view-deleted': { version: 1, payload: z.object({ viewId: z.string() }) },
} as const;
