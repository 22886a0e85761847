import { z } from 'zod';
import { Completeness, CompletenessEvidence, Intent, PROMOTION_REASONS, QuarantineReason } from '../study.ts';

/** What comes in, from whom, and when a study is whole. */
export const RECEIVING_EVENTS = {
  /** `count`: how many more of that address and reason within a minute, where there were more; the address is empty where too many called. */
  'association-refused': {
    version: 1,
    payload: z.object({ reason: z.string(), address: z.string(), count: z.number().int().optional() }),
  },
  /** A TLS handshake that proved nobody (PS3.15 A.5.3.11, Node Authentication); counted as refusals are. */
  'node-authentication-failed': {
    version: 1,
    payload: z.object({ reason: z.string(), address: z.string(), count: z.number().int().optional() }),
  },
  'association-ended': {
    version: 1,
    payload: z.object({
      peerId: z.string(),
      how: z.enum(['released', 'aborted', 'failed']),
      stored: z.number().int(),
      refused: z.number().int(),
    }),
  },
  'instance-received': {
    version: 1,
    payload: z.object({
      instanceId: z.string(),
      seriesId: z.string(),
      digest: z.string(),
      outcome: z.enum(['new', 'new-version', 'duplicate']),
      intent: Intent,
      revision: z.number().int(),
      /** Of a new version: the DICOM keywords whose values are not those of the version before. */
      differing: z.array(z.string()).readonly().optional(),
    }),
  },
  'instance-quarantined': {
    version: 1,
    payload: z.object({ quarantineId: z.string(), digest: z.string(), reason: QuarantineReason }),
  },
  'study-completed': {
    version: 2,
    payload: z.object({
      completeness: Completeness,
      revision: z.number().int(),
      intent: Intent,
      evidence: CompletenessEvidence,
    }),
  },
  /** More is to come of a study that counted as complete: a step goes on, or instances were named that are not here. */
  'study-reopened': { version: 1, payload: z.object({ revision: z.number().int(), evidence: CompletenessEvidence }) },
  'study-evidence-changed': {
    version: 1,
    payload: z.object({ revision: z.number().int(), evidence: CompletenessEvidence }),
  },
  'procedure-step-recorded': {
    version: 1,
    payload: z.object({
      stepId: z.string(),
      state: z.enum(['in-progress', 'completed', 'discontinued']),
      instances: z.number().int(),
    }),
  },
  'instances-announced': {
    version: 1,
    payload: z.object({ noticeId: z.string(), instances: z.number().int(), unavailable: z.number().int() }),
  },
  'study-expectation-set': {
    version: 1,
    payload: z.object({ source: z.string(), what: z.enum(['order', 'count-at-sender']), instances: z.number().int() }),
  },
  'study-promoted': {
    version: 1,
    // Before there was any other reason it was a person.
    payload: z.object({
      from: Intent,
      because: z.enum(PROMOTION_REASONS).default('person'),
      associationId: z.string().optional(),
    }),
  },
  'study-attributes-changed': {
    version: 1,
    // Keywords alone: what a later object added, and what a new version of one says otherwise.
    payload: z.object({ revision: z.number().int(), keywords: z.array(z.string()) }),
  },
} as const;
