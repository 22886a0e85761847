/** Why an association is refused, each with its result, source and reason (PS3.8 Table 9-21; STANDARDS §1.6). */
export const REJECTIONS = {
  'no-reason': { result: 1, source: 1, reason: 1 },
  'application-context-not-supported': { result: 1, source: 1, reason: 2 },
  'calling-ae-not-recognized': { result: 1, source: 1, reason: 3 },
  'called-ae-not-recognized': { result: 1, source: 1, reason: 7 },
  'protocol-version-not-supported': { result: 1, source: 2, reason: 2 },
  'temporary-congestion': { result: 2, source: 3, reason: 1 },
  'local-limit-exceeded': { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, RejectionBytes>;

/** The three bytes of an A-ASSOCIATE-RJ. Result 1 is permanent, 2 transient. */
export type RejectionBytes = { readonly result: number; readonly source: number; readonly reason: number };

/** A refusal by name. */
export type RejectReason = keyof typeof REJECTIONS;

/** The name of a received refusal; one outside the table is `no-reason`. */
export function nameRejection(bytes: RejectionBytes): RejectReason {
  for (const [name, known] of Object.entries(REJECTIONS)) {
    if (known.result === bytes.result && known.source === bytes.source && known.reason === bytes.reason) {
      return name as RejectReason; // Object.entries widens the key
    }
  }
  return 'no-reason';
}

/** The reasons of an A-ABORT by the service provider (PS3.8 Table 9-26). */
export const ABORT_REASONS = {
  none: 0,
  'unrecognized-pdu': 1,
  'unexpected-pdu': 2,
  'unrecognized-parameter': 4,
  'unexpected-parameter': 5,
  'invalid-parameter-value': 6,
} as const;
export type AbortReason = keyof typeof ABORT_REASONS;

/** Why bytes are no PDU; the code is the reason the abort carries. */
export type PduFault = { readonly code: Exclude<AbortReason, 'none'> };

/** Who aborts: the application, or the upper layer itself. */
export const ABORT_SOURCES = { 'service-user': 0, 'service-provider': 2 } as const;
export type AbortSource = keyof typeof ABORT_SOURCES;
