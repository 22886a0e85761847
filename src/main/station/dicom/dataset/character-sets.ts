import { TextDecoder } from 'node:util';

/** How the text of a data set is turned into Unicode. */
export type CharacterSet = {
  /** Decodes one element's bytes; what is no text in this set becomes U+FFFD. The VR says which delimiters it has. */
  readonly decode: (bytes: Uint8Array, vr: string) => string;
  /** What was wrong with the defined terms; each at most once. */
  readonly marks: readonly CharacterSetMark[];
  /** No set was named, so only ASCII was promised. */
  readonly isDefault: boolean;
};

/** Persisted: only ever added to. */
export type CharacterSetMark = 'character-set-misspelt' | 'character-set-unknown';

/** What a run of bytes below 80 stands for, and one from 80 up (ISO/IEC 2022 G0 and G1). */
type Designation = { readonly low: LowSet; readonly high: string };
type LowSet = 'ascii' | 'jis-x-0208' | 'jis-x-0212';

const LATIN_1 = 'windows-1252'; // what ISO_IR 100 is, and the few signs beyond it that writers use
const JAPANESE_HALF_WIDTH = 'shift_jis';
const KOREAN = 'euc-kr';
const SIMPLIFIED_CHINESE = 'gb18030';

/** The Encoding Standard's label for the upper half of each set that extends by escapes (PS3.3 §C.12.1.1.2), by ISO-IR number. */
const HIGH_SETS: ReadonlyMap<string, string> = new Map<string, string>(
  Object.entries({
    '6': LATIN_1,
    '100': LATIN_1,
    '101': 'iso-8859-2',
    '109': 'iso-8859-3',
    '110': 'iso-8859-4',
    '144': 'iso-8859-5',
    '127': 'iso-8859-6',
    '126': 'iso-8859-7',
    '138': 'iso-8859-8',
    '148': 'windows-1254',
    '203': 'iso-8859-15',
    '166': 'windows-874',
    '13': JAPANESE_HALF_WIDTH,
    '87': LATIN_1,
    '159': LATIN_1,
    '149': KOREAN,
    '58': SIMPLIFIED_CHINESE,
  }),
);
/** Sets that are never extended: all bytes are theirs, escapes too. */
const WHOLE_SETS: ReadonlyMap<string, string> = new Map<string, string>(
  Object.entries({ '192': 'utf-8', GB18030: 'gb18030', GBK: 'gbk' }),
);
/** Names from elsewhere that writers use. */
const ALIASES: ReadonlyMap<string, string> = new Map<string, string>(
  Object.entries({
    UTF8: '192',
    UNICODE: '192',
    ISO88591: '100',
    LATIN1: '100',
    ASCII: '6',
    ISO88592: '101',
    ISO88595: '144',
    ISO88597: '126',
    ISO88599: '148',
    ISO885915: '203',
    GB2312: 'GBK',
    EUCKR: '149',
    KSX1001: '149',
    SHIFTJIS: '13',
  }),
);

/** What each escape sequence designates (PS3.3 Tables C.12-3, C.12-4), as text after ESC. */
const ESCAPES: Readonly<Record<string, Partial<Designation>>> = {
  '(B': { low: 'ascii' },
  '(J': { low: 'ascii' }, // JIS X 0201 romaji: a yen sign for the backslash, which stays the delimiter
  $B: { low: 'jis-x-0208' },
  '$@': { low: 'jis-x-0208' }, // its edition of 1978
  '$(D': { low: 'jis-x-0212' },
  ')I': { high: JAPANESE_HALF_WIDTH },
  '-A': { high: LATIN_1 },
  '-B': { high: 'iso-8859-2' },
  '-C': { high: 'iso-8859-3' },
  '-D': { high: 'iso-8859-4' },
  '-L': { high: 'iso-8859-5' },
  '-G': { high: 'iso-8859-6' },
  '-F': { high: 'iso-8859-7' },
  '-H': { high: 'iso-8859-8' },
  '-M': { high: 'windows-1254' },
  '-b': { high: 'iso-8859-15' },
  '-T': { high: 'windows-874' },
  '$)C': { high: KOREAN },
  '$)A': { high: SIMPLIFIED_CHINESE },
};

const ESC = 0x1b;
/** At these the first set is in force again (PS3.5 §6.1.2.5.3): lines and pages, then the delimiters of values and of names. */
const CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d]);
const DELIMITERS: Readonly<Record<string, ReadonlySet<number>>> = {
  PN: new Set([0x5c, 0x5e, 0x3d]),
  LO: new Set([0x5c]),
  SH: new Set([0x5c]),
  UC: new Set([0x5c]),
};
const NO_DELIMITERS: ReadonlySet<number> = new Set();
const decoders = new Map<string, TextDecoder>();

/**
 * The character set that the values of Specific Character Set name (PS3.3 §C.12.1.1.2). A misspelt term is read as what it
 * plainly means and an unknown one as the default, which beyond ASCII is read as Latin 1; both are marked.
 */
export function characterSet(terms: readonly string[]): CharacterSet {
  const marks = new Set<CharacterSetMark>();
  const sets = terms.map((term) => setOf(term, marks));
  const [first = '6'] = sets;
  const isDefault = terms.every((term) => term === '');
  const whole = WHOLE_SETS.get(first);
  if (whole !== undefined) return { decode: (bytes) => decode(whole, bytes), marks: [...marks], isDefault };
  // Where ASCII comes first, upper bytes without an escape can only mean the one upper set that is named beside it.
  const beside = sets.slice(1).find((set) => set === '149' || set === '58');
  const initial: Designation = {
    low: 'ascii',
    high: HIGH_SETS.get(first === '6' && beside ? beside : first) ?? LATIN_1,
  };
  return {
    decode: (bytes, vr) =>
      bytes.includes(ESC)
        ? decodeExtended(bytes, initial, DELIMITERS[vr] ?? NO_DELIMITERS)
        : decode(initial.high, bytes),
    marks: [...marks],
    isDefault,
  };
}

/** A defined term as ISO-IR number or name. */
function setOf(term: string, marks: Set<CharacterSetMark>): string {
  if (term === '') return '6';
  const exact = /^(?:ISO_IR |ISO 2022 IR )(\d+)$/.exec(term)?.[1] ?? term;
  if (HIGH_SETS.has(exact) || WHOLE_SETS.has(exact)) return exact;
  const bare = term.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  const meant = ALIASES.get(bare) ?? /^(?:ISO)?(?:2022)?(?:IR)?(\d+)$/.exec(bare)?.[1] ?? bare;
  const isMeant = HIGH_SETS.has(meant) || WHOLE_SETS.has(meant);
  marks.add(isMeant ? 'character-set-misspelt' : 'character-set-unknown');
  return isMeant ? meant : '6';
}

function decode(label: string, bytes: Uint8Array): string {
  let decoder = decoders.get(label);
  if (!decoder) {
    decoder = new TextDecoder(label);
    decoders.set(label, decoder);
  }
  return decoder.decode(bytes);
}

function decodeExtended(bytes: Uint8Array, initial: Designation, delimiters: ReadonlySet<number>): string {
  let text = '';
  let now = initial;
  let start = 0;
  const flush = (end: number) => {
    const run = bytes.subarray(start, end);
    if (run.length > 0) text += (run[0] as number) < 0x80 ? decodeLow(now.low, run) : decode(now.high, run);
    start = end;
  };
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === ESC) {
      flush(at);
      const [designated, length] = escapeAt(bytes, at + 1);
      now = { low: designated.low ?? now.low, high: designated.high ?? now.high };
      start = at + 1 + length;
      at = start - 1;
    } else if (CONTROLS.has(byte) || (now.low === 'ascii' && delimiters.has(byte))) {
      flush(at);
      now = initial;
    } else if (at > start && byte < 0x80 !== (bytes[start] as number) < 0x80) {
      flush(at);
    }
  }
  flush(bytes.length);
  return text;
}

/** What an escape designates, and its length; one that is unknown designates nothing. */
function escapeAt(bytes: Uint8Array, at: number): readonly [Partial<Designation>, number] {
  for (const length of [3, 2]) {
    const found = ESCAPES[String.fromCharCode(...bytes.subarray(at, at + length))];
    if (found) return [found, length];
  }
  return [{}, Math.min(bytes[at] === 0x24 ? 3 : 2, bytes.length - at)];
}

/** JIS X 0208 and 0212 come in seven bits: raised to eight they are EUC-JP, which writes 0212 behind 8F. */
function decodeLow(set: LowSet, run: Uint8Array): string {
  if (set === 'ascii') return decode(LATIN_1, run);
  // Spaces and line ends stand among two-byte characters as they are.
  let text = '';
  for (let at = 0; at < run.length; ) {
    const first = run[at] as number;
    if (first <= 0x20 || at + 1 >= run.length) {
      text += String.fromCharCode(first);
      at += 1;
      continue;
    }
    const pair = [first | 0x80, (run[at + 1] as number) | 0x80];
    text += decode('euc-jp', Uint8Array.from(set === 'jis-x-0212' ? [0x8f, ...pair] : pair));
    at += 2;
  }
  return text;
}
