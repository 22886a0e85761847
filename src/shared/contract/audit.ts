import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { TimelineEntry } from './studies.ts';

/** A ledger event as the audit page lists it. */
export const AuditEvent = TimelineEntry.extend({
  studyId: StudyId.nullable(),
  correlationId: z.string(),
  hash: z.string(),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditWindow = z.object({ events: z.array(AuditEvent), next: z.number().int().nullable() });
export type AuditWindow = z.infer<typeof AuditWindow>;

/** What a verification of the whole chain and its checkpoints found. */
export const LedgerVerification = z.object({
  outcome: z.enum(['intact', 'broken']),
  events: z.number().int(),
  headSeq: z.number().int(),
  headHash: z.string(),
  erasedPayloads: z.number().int(),
  checkpoints: z.object({
    count: z.number().int(),
    lastSeq: z.number().int().nullable(),
    lastAtMs: z.number().nullable(),
  }),
  faults: z.array(
    z.object({
      seq: z.number().int(),
      code: z.enum([
        'hash-mismatch',
        'link-broken',
        'gap',
        'payload-mismatch',
        'checkpoint-mismatch',
        'checkpoint-signature',
        'truncated',
      ]),
    }),
  ),
  tookMs: z.number(),
});
export type LedgerVerification = z.infer<typeof LedgerVerification>;

export const audit = {
  events: procedure('audit.read', BACKGROUND)
    .route({ method: 'GET', path: '/audit/events' })
    .input(
      z.object({
        before: z.coerce.number().int().optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
        kind: z.string().max(60).optional(),
        studyId: StudyId.optional(),
        actorId: z.string().max(100).optional(),
      }),
    )
    .output(AuditWindow),
  verify: procedure('audit.verify').route({ method: 'POST', path: '/audit/verify' }).output(LedgerVerification),
};
