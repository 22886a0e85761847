import { TextDecoder } from 'node:util';

/** How the text of a data set is turned into Unicode. */
export type CharacterSet = {
  /** Decodes one element's bytes; what is no text in this set becomes U+FFFD. */
  readonly decode: (bytes: Uint8Array) => string;
};

/** The Encoding Standard's label for each single-set defined term (PS3.3 §C.12.1.1.2). */
const LABELS: Readonly<Record<string, string>> = {
  '': 'windows-1252', // the default repertoire is ASCII; what goes beyond it is most often Latin 1
  'ISO_IR 6': 'windows-1252',
  'ISO_IR 100': 'windows-1252',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

type Segment = { readonly label: string; readonly prepare?: (bytes: Uint8Array) => Uint8Array };

/** What each escape sequence switches to (PS3.3 Tables C.12-3, C.12-4), as text after ESC. */
const ESCAPES: Readonly<Record<string, Segment>> = {
  '(B': { label: 'windows-1252' },
  '(J': { label: 'shift_jis' },
  ')I': { label: 'shift_jis' },
  '-A': { label: 'windows-1252' },
  '-B': { label: 'iso-8859-2' },
  '-C': { label: 'iso-8859-3' },
  '-D': { label: 'iso-8859-4' },
  '-L': { label: 'iso-8859-5' },
  '-G': { label: 'iso-8859-6' },
  '-F': { label: 'iso-8859-7' },
  '-H': { label: 'iso-8859-8' },
  '-M': { label: 'windows-1254' },
  '-b': { label: 'iso-8859-15' },
  '-T': { label: 'windows-874' },
  // JIS X 0208 and 0212 come in seven bits: raised to eight they are EUC-JP.
  $B: { label: 'euc-jp', prepare: (bytes) => bytes.map((byte) => byte | 0x80) },
  '$(D': { label: 'euc-jp', prepare: withShift },
  '$)C': { label: 'euc-kr' },
  '$)A': { label: 'gb18030' },
};

const ESC = 0x1b;
/** At these the first set is in force again (PS3.5 §6.1.2.5.3); `=` and `^` for person names. */
const RESETS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x5c, 0x5e, 0x3d]);
const decoders = new Map<string, TextDecoder>();

/** The character set that Specific Character Set's values name; terms it does not know are read as the default. */
export function characterSet(terms: readonly string[]): CharacterSet {
  const first = terms[0] ?? '';
  const plain = LABELS[first.replace('ISO 2022 IR', 'ISO_IR').replaceAll('_IR_', '_IR ')] ?? 'windows-1252';
  const isExtended = terms.length > 1 || first.startsWith('ISO 2022');
  return {
    decode: (bytes) => (isExtended && bytes.includes(ESC) ? decodeSegments(bytes, plain) : decode(plain, bytes)),
  };
}

function decode(label: string, bytes: Uint8Array): string {
  let decoder = decoders.get(label);
  if (!decoder) {
    decoder = new TextDecoder(label);
    decoders.set(label, decoder);
  }
  return decoder.decode(bytes);
}

function decodeSegments(bytes: Uint8Array, plain: string): string {
  let text = '';
  let segment: Segment = { label: plain };
  let start = 0;
  const flush = (end: number) => {
    const piece = bytes.subarray(start, end);
    text += decode(segment.label, segment.prepare ? segment.prepare(piece) : piece);
    start = end;
  };
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === ESC) {
      flush(at);
      const length = bytes[at + 1] === 0x24 && bytes[at + 2] !== 0x42 ? 3 : 2; // `$)C` and the like have three
      const found = ESCAPES[String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length))];
      segment = found ?? { label: plain };
      start = at + 1 + length;
      at = start - 1;
    } else if (RESETS.has(byte) && !segment.prepare) {
      flush(at);
      segment = { label: plain };
    }
  }
  flush(bytes.length);
  return text;
}

/** EUC-JP writes JIS X 0212 as three bytes, the first being 8F. */
function withShift(bytes: Uint8Array): Uint8Array {
  const raised: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    raised.push(0x8f, (bytes[at] ?? 0) | 0x80, (bytes[at + 1] ?? 0) | 0x80);
  }
  return Uint8Array.from(raised);
}
