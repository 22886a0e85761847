import { ok, type Result } from '../../../shared/domain/result.ts';
import { type CharacterSetFailure, encodeText } from './character-sets.ts';
import { escapeText } from './escapes.ts';

/** A value: text, or its components, each text or its subcomponents. */
export type Value = string | readonly (string | readonly string[])[];
/** A field: a value, or several of them. */
export type Field = Value | { readonly each: readonly Value[] };
/** A segment: its name, and its fields by their number. */
export type Segment = readonly [name: string, fields: Readonly<Record<number, Field>>];

/** What stands in the header of a message besides its delimiters; see `MessageHeader`. */
export type HeaderWish = {
  readonly from: { readonly application: Value; readonly facility: Value };
  readonly to: { readonly application: Value; readonly facility: Value };
  readonly atMs: number;
  /** Type, event, structure. */
  readonly type: readonly string[];
  readonly controlId: string;
  readonly processingId: 'P' | 'T' | 'D';
  readonly version: string;
  /** Empty is ASCII. */
  readonly characterSets: readonly string[];
  readonly acknowledgement?: {
    readonly accept: 'AL' | 'NE' | 'ER' | 'SU';
    readonly application: 'AL' | 'NE' | 'ER' | 'SU';
  };
};

/** A message in the usual delimiters, its text escaped and in its character set; a failure where the set has not all of it. */
export function writeMessage(wish: HeaderWish, segments: readonly Segment[]): Result<Buffer, CharacterSetFailure> {
  const { from, to, acknowledgement } = wish;
  const fields: Record<number, Field> = {
    ...{ 3: from.application, 4: from.facility, 5: to.application, 6: to.facility, 7: timeText(wish.atMs) },
    ...{ 9: wish.type, 10: wish.controlId, 11: wish.processingId, 12: wish.version, 18: { each: wish.characterSets } },
    ...{ 15: acknowledgement?.accept ?? '', 16: acknowledgement?.application ?? '' },
  };
  const header = fieldsOf(fields).slice(2);
  const lines = [
    ['MSH|^~\\&', ...header].join('|').replace(/\|+$/, ''),
    ...segments.map(([name, fields]) => [name, ...fieldsOf(fields)].join('|')),
  ];
  const encoded = encodeText(lines.map((line) => `${line}\r`).join(''), wish.characterSets);
  return encoded.ok ? ok(encoded.value) : encoded;
}

/** A time as a TS in UTC, to the second (HL7 v2.5.1 §2.A.77). */
export function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}+0000`;
}

/** The fields from the first to the last that has a number. */
function fieldsOf(fields: Segment[1]): readonly string[] {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  return Array.from({ length: last }, (_, index) => {
    const field = fields[index + 1] ?? '';
    if (typeof field === 'string' || !('each' in field)) return valueText(field);
    return field.each.map(valueText).join('~');
  });
}

function valueText(value: Value): string {
  if (typeof value === 'string') return escapeText(value);
  const components = value.map((component) =>
    typeof component === 'string' ? escapeText(component) : component.map(escapeText).join('&'),
  );
  return components.join('^').replace(/\^+$/, '');
}
