import { z } from 'zod';

/** Why a study is fetched from a peer; a code, so that the ledger can hold it. */
export const RETRIEVAL_REASONS = [
  'comparison',
  'second-opinion',
  'incomplete-here',
  'damaged-here',
  'let-go-here',
  'other',
] as const;
export const RetrievalReason = z.enum(RETRIEVAL_REASONS);
export type RetrievalReason = z.infer<typeof RetrievalReason>;

/** queued → running → done, failed or cancelled; a restart puts what was running back into the queue. */
export const RETRIEVAL_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export const RetrievalState = z.enum(RETRIEVAL_STATES);
export type RetrievalState = z.infer<typeof RetrievalState>;

/** By which service objects are fetched; `automatic` tries C-GET, which needs nothing of the peer's configuration, then C-MOVE. */
export const RETRIEVAL_WAYS = ['automatic', 'c-get', 'c-move'] as const;
export const RetrievalWay = z.enum(RETRIEVAL_WAYS);
export type RetrievalWay = z.infer<typeof RetrievalWay>;

/** Why a retrieval failed, or ended without all objects. Persisted; only ever added to. */
export const RETRIEVAL_CODES = [
  'peer-not-callable',
  'peer-unreachable',
  'peer-refuses-us',
  'service-not-offered',
  'study-not-at-peer',
  'destination-unknown-to-peer',
  'association-lost',
  'some-failed',
  'none-arrived',
  'refused-by-peer',
  'broken-off',
  'some-missing',
  'no-room-here',
  'set-aside-here',
] as const;
export const RetrievalCode = z.enum(RETRIEVAL_CODES);
export type RetrievalCode = z.infer<typeof RetrievalCode>;
