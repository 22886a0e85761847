/** The characters that divide a message, from MSH-1 and MSH-2 (HL7 v2.5.1 §2.5.4). */
export type Delimiters = {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
};

/** What we write with, and what nearly everybody does. */
export const USUAL_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
};

const LETTERS: readonly (readonly [letter: string, name: keyof Delimiters])[] = [
  ['F', 'field'],
  ['S', 'component'],
  ['R', 'repetition'],
  ['T', 'subcomponent'],
  ['E', 'escape'],
];
/** Line breaks and highlighting (§2.7.1, §2.7.6). */
const MARKS: Readonly<Record<string, string>> = { '.br': '\n', '.sp': '\n', H: '', N: '' };

/** The text of one leaf value: escapes undone once, left to right; what is no known escape stays as it stands. */
export function unescapeText(raw: string, delimiters: Delimiters): string {
  const { escape } = delimiters;
  if (escape === '' || !raw.includes(escape)) return raw;
  let text = '';
  for (let at = 0; at < raw.length; ) {
    const start = raw.indexOf(escape, at);
    const end = start < 0 ? -1 : raw.indexOf(escape, start + 1);
    if (end < 0) return text + raw.slice(at);
    const sequence = raw.slice(start + 1, end);
    const meant = meaningOf(sequence, delimiters);
    text += raw.slice(at, start) + (meant ?? `${escape}${sequence}`);
    at = meant === null ? end : end + 1; // what begins no escape may end in front of one
  }
  return text;
}

function meaningOf(sequence: string, delimiters: Delimiters): string | null {
  const name = LETTERS.find(([letter]) => letter === sequence)?.[1];
  if (name !== undefined) return delimiters[name];
  const mark = Object.hasOwn(MARKS, sequence) ? MARKS[sequence] : undefined;
  if (mark !== undefined) return mark;
  // Bytes above ASCII would need the set of their own; they stay as they stand.
  if (!/^X(?:[0-7][0-9A-Fa-f])+$/.test(sequence)) return null;
  return Buffer.from(sequence.slice(1), 'hex').toString('latin1').replaceAll(/\r\n?/g, '\n');
}

/** A leaf value as it is written with the usual delimiters; line breaks become `\.br\`, other control characters a space. */
export function escapeText(text: string): string {
  return text.replaceAll(/\r\n?|[|^~\\&]|\p{Cc}/gu, (sign) => {
    if (sign === '\n' || sign.startsWith('\r')) return '\\.br\\';
    const letter = LETTERS.find(([, name]) => USUAL_DELIMITERS[name] === sign)?.[0];
    return letter === undefined ? ' ' : `\\${letter}\\`;
  });
}
