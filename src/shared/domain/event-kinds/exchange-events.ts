import { z } from 'zod';
import { CancelReason, DeliveryCode, RetryReason } from '../delivery.ts';
import { ExportForm, ImportSource } from '../media.ts';
import { RetrievalReason } from '../retrieval.ts';

/** What is asked of other machines and of us, sent to them, and carried on media. */
export const EXCHANGE_EVENTS = {
  /** A peer asks us to answer for instances (storage commitment), and what it was told. */
  'commitment-asked-of-us': { version: 1, payload: z.object({ requestId: z.string(), instances: z.number().int() }) },
  'commitment-answered': {
    version: 1,
    payload: z.object({ requestId: z.string(), committed: z.number().int(), failed: z.number().int() }),
  },
  'commitment-report-ended': {
    version: 1,
    payload: z.object({ requestId: z.string(), how: z.enum(['delivered', 'given-up']), attempts: z.number().int() }),
  },
  /** We ask a peer to answer for instances of a study, and how that ended. */
  'commitment-requested': {
    version: 1,
    payload: z.object({ requestId: z.string(), peerId: z.string(), instances: z.number().int() }),
  },
  'commitment-settled': {
    version: 1,
    payload: z.object({
      requestId: z.string(),
      peerId: z.string(),
      source: z.enum(['commitment', 'query']),
      committed: z.number().int(),
      failed: z.number().int(),
    }),
  },
  /** A person asks a peer for a study, and how that ended. */
  'retrieval-requested': {
    version: 1,
    payload: z.object({ retrievalId: z.string(), peerId: z.string(), because: RetrievalReason }),
  },
  'retrieval-ended': {
    version: 1,
    payload: z.object({
      retrievalId: z.string(),
      peerId: z.string(),
      how: z.enum(['c-get', 'c-move']).nullable(),
      state: z.enum(['done', 'failed', 'cancelled']),
      code: z.string().nullable(),
      completed: z.number().int(),
      failed: z.number().int(),
    }),
  },
  /** A study, or some series of it, is owed to a peer, and what became of that. Counts are of objects. */
  'delivery-queued': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), series: z.number().int().nullable() }),
  },
  'delivery-delivered': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), sent: z.number().int() }),
  },
  'delivery-rejected': {
    version: 1,
    payload: z.object({
      deliveryId: z.string(),
      peerId: z.string(),
      code: DeliveryCode,
      sent: z.number().int(),
      failed: z.number().int(),
    }),
  },
  'delivery-held': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), code: DeliveryCode, sent: z.number().int() }),
  },
  'delivery-retried': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), reason: RetryReason }),
  },
  'delivery-cancelled': {
    version: 1,
    payload: z.object({ deliveryId: z.string(), peerId: z.string(), reason: CancelReason, sent: z.number().int() }),
  },
  /** A person brings in files, and what they came to. */
  'import-started': { version: 1, payload: z.object({ importId: z.string(), source: ImportSource }) },
  'import-resumed': { version: 1, payload: z.object({ importId: z.string(), source: ImportSource }) },
  'import-ended': {
    version: 1,
    payload: z.object({
      importId: z.string(),
      state: z.enum(['done', 'cancelled', 'failed']),
      code: z.string().nullable(),
      found: z.number().int(),
      stored: z.number().int(),
      duplicates: z.number().int(),
      quarantined: z.number().int(),
      refused: z.number().int(),
    }),
  },
  /** A study begins to leave as files: `objects` of it, `missing` not to be had. */
  'study-exported': {
    version: 1,
    payload: z.object({
      form: ExportForm,
      to: z.enum(['download', 'folder']),
      objects: z.number().int(),
      missing: z.number().int(),
    }),
  },
  'export-ended': {
    version: 1,
    payload: z.object({
      exportId: z.string(),
      state: z.enum(['done', 'cancelled', 'failed']),
      code: z.string().nullable(),
      written: z.number().int(),
      missing: z.number().int(),
    }),
  },
} as const;
