/** The DIMSE status codes we send or act on, by name (PS3.4 §B.2.3, PS3.7 Annex C; STANDARDS §1.4, §1.5). */
export const DIMSE_STATUS = {
  success: 0x0000,
  /** The peer may retry later: no room, store unavailable. */
  'out-of-resources': 0xa700,
  /** The data set's UIDs disagree with the command, or its type 1 UIDs are missing. */
  'data-set-does-not-match': 0xa900,
  /** The stream is unreadable: truncated, or its VRs or lengths are corrupt. */
  'cannot-understand': 0xc000,
  'processing-failure': 0x0110,
  'invalid-object-instance': 0x0117,
  'sop-class-not-supported': 0x0122,
  'not-authorized': 0x0124,
  'unrecognized-operation': 0x0211,
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
