import { TextDecoder } from 'node:util';
import { characterSet } from './character-sets.ts';

/** A set that an escape sequence designates (PS3.3 Tables C.12-3, C.12-4): as GL of two bytes in seven bits, or as GR. */
type Extension = { readonly escape: string; readonly label: string; readonly low: boolean };

const ASCII_ESCAPE = '\x1b(B';
const EXTENSIONS: ReadonlyMap<string, Extension> = new Map<string, Extension>(
  Object.entries({
    '13': { escape: '\x1b)I', label: 'shift_jis', low: false },
    '87': { escape: '\x1b$B', label: 'euc-jp', low: true },
    '149': { escape: '\x1b$)C', label: 'euc-kr', low: false },
    '58': { escape: '\x1b$)A', label: 'gb18030', low: false },
    '100': { escape: '\x1b-A', label: 'iso-8859-1', low: false },
    '101': { escape: '\x1b-B', label: 'iso-8859-2', low: false },
    '109': { escape: '\x1b-C', label: 'iso-8859-3', low: false },
    '110': { escape: '\x1b-D', label: 'iso-8859-4', low: false },
    '144': { escape: '\x1b-L', label: 'iso-8859-5', low: false },
    '127': { escape: '\x1b-G', label: 'iso-8859-6', low: false },
    '126': { escape: '\x1b-F', label: 'iso-8859-7', low: false },
    '138': { escape: '\x1b-H', label: 'iso-8859-8', low: false },
    '148': { escape: '\x1b-M', label: 'windows-1254', low: false },
    '203': { escape: '\x1b-b', label: 'iso-8859-15', low: false },
    '166': { escape: '\x1b-T', label: 'windows-874', low: false },
  }),
);
const TWO_BYTES = new Set(['euc-jp', 'euc-kr', 'gb18030']);
const WHOLE = new Set(['GBK', 'GB18030']);
const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

/**
 * Text in the set that the values of Specific Character Set name, as `characterSet` reads it back; null where these sets do
 * not have all of it. The VR says at which delimiters the first set is in force again (PS3.5 §6.1.2.5.3).
 */
export function encodeText(text: string, vr: string, terms: readonly string[]): Uint8Array | null {
  const numbers = terms.map((term) => /^ISO(?:_IR| 2022 IR) (\d+)$/.exec(term)?.[1] ?? term);
  const [first = ''] = numbers;
  const encoded = /^[\x20-\x7e\t\r\n\f]*$/.test(text)
    ? Buffer.from(text, 'latin1')
    : first === '192'
      ? Buffer.from(text, 'utf8')
      : WHOLE.has(first)
        ? encodeWhole(text)
        : encodeExtended(text, vr, numbers);
  if (encoded === null) return null;
  // Only what the reader makes the same text of is the same text.
  return characterSet(terms).decode(encoded, vr) === text ? encoded : null;
}

function encodeWhole(text: string): Buffer | null {
  const table = tableOf('gb18030 whole');
  const bytes: number[] = [];
  for (const sign of text) {
    const found = sign < '\x80' ? [sign.charCodeAt(0)] : table.get(sign);
    if (found === undefined) return null;
    bytes.push(...found);
  }
  return Buffer.from(bytes);
}

function encodeExtended(text: string, vr: string, numbers: readonly string[]): Buffer | null {
  const [first = '6', ...others] = numbers;
  const initial = EXTENSIONS.get(first);
  const further = others.flatMap((number) => EXTENSIONS.get(number) ?? []);
  const pieces: Buffer[] = [];
  let low = ASCII_ESCAPE;
  let high = initial?.escape ?? '';
  const designate = (extension: Extension) => {
    const now = extension.low ? low : high;
    if (now === extension.escape) return;
    pieces.push(Buffer.from(extension.escape, 'latin1'));
    if (extension.low) low = extension.escape;
    else high = extension.escape;
  };
  const toAscii = () => {
    if (low !== ASCII_ESCAPE) pieces.push(Buffer.from(ASCII_ESCAPE, 'latin1'));
    low = ASCII_ESCAPE;
  };
  for (const sign of text) {
    if (sign < '\x80') {
      toAscii();
      pieces.push(Buffer.from(sign, 'latin1'));
      if (isDelimiter(sign, vr)) high = initial?.escape ?? '';
      continue;
    }
    const extension = [...(initial === undefined ? [] : [initial]), ...further].find((one) =>
      tableOf(one.label).has(sign),
    );
    const bytes = extension && tableOf(extension.label).get(sign);
    if (extension === undefined || bytes === undefined) return null;
    designate(extension);
    pieces.push(Buffer.from(extension.low ? bytes.map((byte) => byte & 0x7f) : bytes));
  }
  toAscii();
  return Buffer.concat(pieces);
}

function isDelimiter(sign: string, vr: string): boolean {
  return '\t\n\f\r'.includes(sign) || sign === '\\' || (vr === 'PN' && '^='.includes(sign));
}

/** Which bytes from 80 up stand for which sign, made once by reading all of them. */
function tableOf(label: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(label);
  if (known !== undefined) return known;
  const table = label === 'gb18030 whole' ? readPairs('gb18030', 0x81, 0x40) : readTable(label);
  tables.set(label, table);
  return table;
}

function readTable(label: string): ReadonlyMap<string, readonly number[]> {
  if (TWO_BYTES.has(label)) return readPairs(label, 0xa1, 0xa1);
  const bytes = Array.from({ length: 0x60 }, (_, index) => [0xa0 + index]);
  return readSigns(label === 'shift_jis' ? bytes.filter(([byte = 0]) => byte > 0xa0 && byte < 0xe0) : bytes, label);
}

function readPairs(label: string, firstFrom: number, secondFrom: number): ReadonlyMap<string, readonly number[]> {
  const pairs: number[][] = [];
  for (let first = firstFrom; first <= 0xfe; first += 1)
    for (let second = secondFrom; second <= 0xfe; second += 1) if (second !== 0x7f) pairs.push([first, second]);
  return readSigns(pairs, label);
}

/** Reads each run of bytes on a line of its own; those that are one sign are what stands for it. */
function readSigns(runs: readonly (readonly number[])[], label: string): ReadonlyMap<string, readonly number[]> {
  const lines = new TextDecoder(label).decode(Buffer.from(runs.flatMap((run) => [...run, 0x0a]))).split('\n');
  const table = new Map<string, readonly number[]>();
  for (const [index, line] of lines.entries()) {
    const run = runs[index];
    if (run !== undefined && /^.$/u.test(line) && line !== '\ufffd' && line >= '\x80' && !table.has(line))
      table.set(line, run);
  }
  return table;
}
