import { Hl7Context, Hl7Message } from '@medplum/core';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type CharacterSetFailure, decodeText } from './character-sets.ts';
import { type Delimiters, unescapeText } from './escapes.ts';

/** What MSH says (HL7 v2.5.1 §2.15.9); text is unescaped, and empty where the field is. */
export type MessageHeader = {
  /** The components of an HD each. */
  readonly sendingApplication: readonly string[];
  readonly sendingFacility: readonly string[];
  readonly receivingApplication: readonly string[];
  readonly receivingFacility: readonly string[];
  readonly sentAt: string;
  readonly type: string;
  readonly event: string;
  readonly controlId: string;
  readonly processingId: string;
  readonly version: string;
  readonly acceptAcknowledgement: string;
  readonly applicationAcknowledgement: string;
  readonly characterSets: readonly string[];
};

/** A message that can be read. */
export type ReceivedMessage = {
  readonly header: MessageHeader;
  /** Names of the segments in their order. */
  readonly segments: readonly string[];
  /**
   * The text at a place (fields, components and repetitions count from 1): undefined where nothing stands, so that what was
   * known stays; null where `""` stands, so that it is to be deleted.
   */
  value(place: Place): string | null | undefined;
  /** How often a field of a segment repeats; 0 where it is empty. */
  repetitions(place: Pick<Place, 'segment' | 'occurrence' | 'field'>): number;
};

export type Place = {
  readonly segment: string;
  /** Which segment of that name, from 1. */
  readonly occurrence?: number;
  readonly field: number;
  readonly repetition?: number;
  readonly component?: number;
  readonly subcomponent?: number;
};

/** Why a message cannot be read, with its header where at least that much can be: only then there is whom to answer. */
export type UnreadableMessage = {
  readonly code:
    | CharacterSetFailure['code']
    | 'no-header'
    | 'control-characters'
    | 'required-field-missing'
    | 'too-many-segments'
    | 'segment-name-invalid';
  readonly header: MessageHeader | null;
};

const MOST_SEGMENTS = 20_000;
/** No text has these once it is decoded; a message that holds a frame's start is two run together. */
const CONTROL = /(?![\t\r\u0080-\u009f])\p{Cc}/u;

/**
 * Reads a message in its own delimiters and in the character set that it names, or in another where its sender is known to
 * name the wrong one. Segments end in CR; LF is tolerated.
 */
export function readMessage(
  bytes: Uint8Array,
  characterSets?: readonly string[],
): Result<ReceivedMessage, UnreadableMessage> {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString('latin1');
  const delimiters = delimitersOf(head);
  if (delimiters === null) return err({ code: 'no-header', header: null });
  const first = headerOf(parse(head.split(/[\r\n]/, 1)[0] ?? '', delimiters), delimiters);
  const decoded = decodeText(bytes, characterSets ?? first.characterSets);
  if (!decoded.ok) return err({ code: decoded.error.code, header: first });
  const text = decoded.value.replaceAll(/\r\n|\n/g, '\r');
  if (CONTROL.test(text)) return err({ code: 'control-characters', header: first });
  const lines = text.split('\r').filter((line) => line !== '');
  if (lines.length > MOST_SEGMENTS) return err({ code: 'too-many-segments', header: first });
  const message = parse(lines.join('\r'), delimiters);
  const header = headerOf(message, delimiters);
  const segments = lines.map((line) => line.slice(0, 3));
  if (lines.some((line) => !/^[A-Z][A-Z0-9]{2}$/.test(line.split(delimiters.field, 1)[0] ?? '')))
    return err({ code: 'segment-name-invalid', header });
  if (header.controlId === '' || header.type === '') return err({ code: 'required-field-missing', header });
  return ok({
    header,
    segments,
    value: (place) => valueAt(message, delimiters, place),
    repetitions({ segment, occurrence = 1, field }) {
      const found = message.getAllSegments(segment)[occurrence - 1]?.getField(field);
      return found === undefined || found.toString() === '' ? 0 : found.components.length;
    },
  });
}

/** MSH-1 and MSH-2: never assumed, but five different signs that are no text (a fifth may be missing, and is then none). */
function delimitersOf(head: string): Delimiters | null {
  const [, field = '', rest = ''] = /^MSH([^\w\s])([^\r\n]{2,5})/.exec(head) ?? [];
  const [component = '', repetition = '', escape = '', subcomponent = ''] = rest.split(field, 1)[0] ?? '';
  const all = [field, component, repetition, escape, subcomponent].filter((sign) => sign !== '');
  if (component === '' || new Set(all).size !== all.length || all.some((sign) => /[\w\s]/.test(sign))) return null;
  return { field, component, repetition, escape, subcomponent };
}

function parse(text: string, { field, component, repetition, escape, subcomponent }: Delimiters): Hl7Message {
  return new Hl7Message(
    text.split('\r'),
    new Hl7Context('\r', field, component, repetition || undefined, escape || undefined, subcomponent || undefined),
  );
}

function headerOf(message: Hl7Message, delimiters: Delimiters): MessageHeader {
  const texts = (field: number): readonly string[] => {
    const count = message.getSegment(0)?.getField(field)?.components[0]?.length ?? 0;
    return Array.from({ length: count }, (_, index) => text(field, index + 1));
  };
  const text = (field: number, component = 1, repetition = 1) =>
    valueAt(message, delimiters, { segment: 'MSH', field, component, repetition }) ?? '';
  const sets = message.getSegment(0)?.getField(18)?.components.length ?? 0;
  return {
    sendingApplication: texts(3),
    sendingFacility: texts(4),
    receivingApplication: texts(5),
    receivingFacility: texts(6),
    sentAt: text(7),
    type: text(9),
    event: text(9, 2),
    controlId: text(10),
    processingId: text(11),
    version: text(12),
    acceptAcknowledgement: text(15),
    applicationAcknowledgement: text(16),
    characterSets: Array.from({ length: sets }, (_, index) => text(18, 1, index + 1)),
  };
}

function valueAt(message: Hl7Message, delimiters: Delimiters, place: Place): string | null | undefined {
  const { segment, occurrence = 1, field, repetition = 1, component = 1, subcomponent = 1 } = place;
  const found = message.getAllSegments(segment)[occurrence - 1]?.getField(field);
  const raw = found?.getComponent(component, subcomponent - 1, repetition - 1) ?? '';
  if (raw === '') return undefined;
  return raw === '""' ? null : unescapeText(raw, delimiters);
}
