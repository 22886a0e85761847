import type { MessageHeader, ReceivedMessage, UnreadableMessage } from './read-message.ts';
import { type Segment, writeMessage } from './write-message.ts';

/** What is to be told of a message: taken; its content is at fault; or not now, and nothing is wrong with it. */
export type Verdict =
  | { readonly state: 'accepted' }
  | { readonly state: 'content-error' | 'rejected'; readonly reason: keyof typeof REASONS; readonly location?: string };

/** Table 0357. */
export const REASONS = {
  'segment-sequence': ['100', 'Segment sequence error'],
  'required-field-missing': ['101', 'Required field missing'],
  'data-type': ['102', 'Data type error'],
  'table-value-not-found': ['103', 'Table value not found'],
  'unsupported-type': ['200', 'Unsupported message type'],
  'unsupported-event': ['201', 'Unsupported event code'],
  'unsupported-processing-id': ['202', 'Unsupported processing id'],
  'unsupported-version': ['203', 'Unsupported version id'],
  'unknown-key': ['204', 'Unknown key identifier'],
  'duplicate-key': ['205', 'Duplicate key identifier'],
  'internal-error': ['207', 'Application internal error'],
} as const;

/** What 0357 calls each thing that can make a message unreadable. */
export const UNREADABLE_AS: Readonly<Record<UnreadableMessage['code'], keyof typeof REASONS>> = {
  'no-header': 'segment-sequence',
  'control-characters': 'data-type',
  'required-field-missing': 'required-field-missing',
  'too-many-segments': 'segment-sequence',
  'segment-name-invalid': 'segment-sequence',
  'character-set-unknown': 'table-value-not-found',
  'not-in-character-set': 'data-type',
};

/** The codes of table 0008 for original and for accept acknowledgements. */
const CODES = {
  original: { accepted: 'AA', 'content-error': 'AE', rejected: 'AR' },
  accept: { accepted: 'CA', 'content-error': 'CE', rejected: 'CR' },
} as const;

/**
 * The answer to a message (HL7 v2.5.1 §2.9.2, §2.9.3), in ASCII; null where its MSH-15 wants none of this kind. In enhanced mode
 * it is the accept acknowledgement; the application's own is a new exchange.
 */
export function acknowledgement(
  header: MessageHeader,
  verdict: Verdict,
  own: { readonly controlId: string; readonly atMs: number },
): Buffer | null {
  const { acceptAcknowledgement: wanted } = header;
  const isEnhanced = wanted !== '' || header.applicationAcknowledgement !== '';
  const isWanted = wanted === 'AL' || (verdict.state === 'accepted' ? wanted === 'SU' : wanted === 'ER');
  if (isEnhanced && !isWanted) return null;
  const code = CODES[isEnhanced ? 'accept' : 'original'][verdict.state];
  const segments: Segment[] = [['MSA', { 1: code, 2: ascii(header.controlId) }]];
  if (verdict.state !== 'accepted') {
    const [number, words] = REASONS[verdict.reason];
    const location = verdict.location?.split('^') ?? [];
    segments.push(['ERR', { 2: location, 3: [number, words, 'HL70357'], 4: 'E' }]);
  }
  const written = writeMessage(
    {
      from: {
        application: header.receivingApplication.map(ascii),
        facility: header.receivingFacility.map(ascii),
      },
      to: { application: header.sendingApplication.map(ascii), facility: header.sendingFacility.map(ascii) },
      atMs: own.atMs,
      type: ['ACK', ...(header.event === '' ? [] : [ascii(header.event), 'ACK'])],
      controlId: own.controlId,
      processingId: header.processingId === 'T' || header.processingId === 'D' ? header.processingId : 'P',
      version: /^2(\.\d){1,2}$/.test(header.version) ? header.version : '2.5.1',
      characterSets: [],
    },
    segments,
  );
  if (!written.ok) throw new Error('an acknowledgement is not ASCII');
  return written.value;
}

/** Of an acknowledgement: what it says of which message; null where it is none. */
export type Acknowledged = {
  readonly controlId: string;
  readonly state: Verdict['state'];
  readonly code: string;
};

/** Reads MSA-1 and MSA-2 of an answer; null where there is no MSA, or its code is none of table 0008. */
export function acknowledged(answer: ReceivedMessage): Acknowledged | null {
  const code = answer.value({ segment: 'MSA', field: 1 });
  for (const codes of Object.values(CODES))
    for (const [state, one] of Object.entries(codes))
      if (one === code)
        return { controlId: answer.value({ segment: 'MSA', field: 2 }) ?? '', state: state as Verdict['state'], code };
  return null;
}

/** What of a sender's own words is not ASCII comes back as question marks: an answer must be readable for anybody. */
function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
