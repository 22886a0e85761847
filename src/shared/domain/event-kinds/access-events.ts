import { z } from 'zod';

/** Who may do what, and who came in. */
export const ACCESS_EVENTS = {
  'user-created': { version: 1, payload: z.object({ userId: z.string(), roles: z.array(z.string()) }) },
  'user-roles-set': { version: 1, payload: z.object({ userId: z.string(), roles: z.array(z.string()) }) },
  'user-entered-site': { version: 1, payload: z.object({ userId: z.string() }) },
  'user-signed-in': { version: 1, payload: z.object({ userId: z.string() }) },
  'user-sign-in-refused': { version: 1, payload: z.object({ reason: z.string(), userId: z.string().nullable() }) },
  'user-signed-out': { version: 1, payload: z.object({ userId: z.string() }) },
  'user-password-changed': { version: 1, payload: z.object({ userId: z.string() }) },
  'service-token-created': { version: 1, payload: z.object({ userId: z.string(), expiresAtMs: z.number() }) },
} as const;
