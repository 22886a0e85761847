/** The DIMSE status codes we send or act on, by name (PS3.4 §B.2.3, PS3.7 Annex C; STANDARDS §1.4, §1.5). */
export const DIMSE_STATUS = {
  success: 0x0000,
  /** The SCU asked to stop. */
  cancelled: 0xfe00,
  pending: 0xff00,
  /** Pending, and some optional keys were not matched on. */
  'pending-keys-ignored': 0xff01,
  /** The peer may retry later: no room, store unavailable. */
  'out-of-resources': 0xa700,
  'matches-not-counted': 0xa701,
  'suboperations-not-performed': 0xa702,
  'move-destination-unknown': 0xa801,
  /** The data set's UIDs disagree with the command, or its type 1 UIDs are missing; for a query: its unique keys do. */
  'data-set-does-not-match': 0xa900,
  /** A retrieval ended, and some of it failed. */
  'suboperations-failed': 0xb000,
  /** A query gave as many matches as we answer; a narrower one would show the rest. */
  'match-limit-reached': 0xb001,
  /** The stream is unreadable: truncated, or its VRs or lengths are corrupt. For a query: it cannot be processed. */
  'cannot-understand': 0xc000,
  'no-such-attribute': 0x0105,
  'invalid-attribute-value': 0x0106,
  /** A warning: some attributes were not taken. */
  'attribute-list-error': 0x0107,
  'processing-failure': 0x0110,
  'duplicate-sop-instance': 0x0111,
  'no-such-object-instance': 0x0112,
  'no-such-event-type': 0x0113,
  'no-such-argument': 0x0114,
  'invalid-argument-value': 0x0115,
  /** A warning. */
  'attribute-value-out-of-range': 0x0116,
  'invalid-object-instance': 0x0117,
  'no-such-sop-class': 0x0118,
  'class-instance-conflict': 0x0119,
  /** Storage commitment (PS3.4 §J.3.3): the transaction is known, about other instances. */
  'duplicate-transaction-uid': 0x0131,
  'missing-attribute': 0x0120,
  'missing-attribute-value': 0x0121,
  'sop-class-not-supported': 0x0122,
  'no-such-action': 0x0123,
  'not-authorized': 0x0124,
  'duplicate-invocation': 0x0210,
  'unrecognized-operation': 0x0211,
  'mistyped-argument': 0x0212,
  'resource-limitation': 0x0213,
} as const;

/** A status by name. */
export type DimseStatus = keyof typeof DIMSE_STATUS;

/** What a status means to the sender (STANDARDS §1.4 note 2): delivered, worth another try, or for a person. */
export type StatusMeaning = 'accepted' | 'refused-for-now' | 'refused';

/** Classes a C-STORE answer: 0000 and Bxxx are delivered; A7xx, 0110 and 0213 are transient; all else is permanent. */
export function classifyStatus(status: number): StatusMeaning {
  if (status === DIMSE_STATUS.success || status >> 12 === 0xb) return 'accepted';
  const isTransient = status >> 8 === 0xa7 || status === DIMSE_STATUS['processing-failure'] || status === 0x0213;
  return isTransient ? 'refused-for-now' : 'refused';
}

/** True for FF00 and FF01: more answers to the same request follow (PS3.7 §C.3). */
export function isPending(status: number): boolean {
  return status === DIMSE_STATUS.pending || status === DIMSE_STATUS['pending-keys-ignored'];
}
