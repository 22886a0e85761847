import { TextDecoder } from 'node:util';
import { err, ok, type Result } from '../../../shared/domain/result.ts';

/** Why bytes are no text, or text no bytes. */
export type CharacterSetFailure = { readonly code: 'character-set-unknown' | 'not-in-character-set' };

const ASCII = 'ascii';
/** The Encoding Standard's label for each set of table 0211 that is read. `UNICODE` alone is UTF-16, which MLLP cannot frame. */
const LABELS: Readonly<Record<string, string>> = {
  '': ASCII,
  ASCII,
  'ISO IR6': ASCII,
  '8859/1': 'iso-8859-1',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'iso-8859-9',
  '8859/15': 'iso-8859-15',
  'UNICODE UTF-8': 'utf-8',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'BIG-5': 'big5',
};
/** Sets of Japanese text that escape sequences switch to; all that iso-2022-jp has. */
const JAPANESE = ['ISO IR14', 'ISO IR87'];
const JAPANESE_LABEL = 'iso-2022-jp';
const [TO_KANJI, TO_ASCII] = ['\x1b$B', '\x1b(B'];

/**
 * Text of bytes in the sets that the repetitions of MSH-18 name (table 0211); none is ASCII. A byte that the set does not have
 * is a failure: half a name is not guessed.
 */
export function decodeText(bytes: Uint8Array, sets: readonly string[]): Result<string, CharacterSetFailure> {
  const label = labelOf(sets);
  if (label === null) return err({ code: 'character-set-unknown' });
  if (label === ASCII && bytes.some((byte) => byte > 0x7f)) return err({ code: 'not-in-character-set' });
  try {
    return ok(new TextDecoder(label === ASCII ? 'utf-8' : label, { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return err({ code: 'not-in-character-set' }); // the only thing that a fatal decoder throws for
  }
}

/** Bytes of text as `decodeText` reads them back; written are ASCII, 8859/n, UTF-8 and ISO IR87. */
export function encodeText(text: string, sets: readonly string[]): Result<Buffer, CharacterSetFailure> {
  const label = labelOf(sets);
  if (label === 'utf-8') return ok(Buffer.from(text, 'utf8'));
  if (label === null || !(label === ASCII || label === JAPANESE_LABEL || label.startsWith('iso-8859-')))
    return err({ code: 'character-set-unknown' });
  const pieces: Buffer[] = [];
  let isKanji = false;
  for (const sign of text) {
    const bytes = sign < '\x80' ? [sign.charCodeAt(0)] : label === ASCII ? undefined : signsOf(label).get(sign);
    if (bytes === undefined) return err({ code: 'not-in-character-set' });
    const isNowKanji = sign >= '\x80' && label === JAPANESE_LABEL;
    if (isNowKanji !== isKanji) pieces.push(Buffer.from(isNowKanji ? TO_KANJI : TO_ASCII, 'latin1'));
    isKanji = isNowKanji;
    pieces.push(Buffer.from(isKanji ? bytes.map((byte) => byte & 0x7f) : bytes));
  }
  if (isKanji) pieces.push(Buffer.from(TO_ASCII, 'latin1'));
  return ok(Buffer.concat(pieces));
}

function labelOf(sets: readonly string[]): string | null {
  const [first = '', ...others] = sets;
  if (sets.some((set) => JAPANESE.includes(set)))
    return [first, ...others].every((set) => JAPANESE.includes(set) || labelNamed(set) === ASCII)
      ? JAPANESE_LABEL
      : null;
  return others.length > 0 ? null : labelNamed(first);
}

function labelNamed(set: string): string | null {
  return Object.hasOwn(LABELS, set) ? (LABELS[set] ?? null) : null;
}

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

/** Which bytes stand for which sign, made once by reading all of them. */
function signsOf(label: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(label);
  if (known !== undefined) return known;
  const isJapanese = label === JAPANESE_LABEL;
  const upper = Array.from({ length: 0x60 }, (_, index) => 0xa0 + index);
  const runs = isJapanese
    ? upper.flatMap((first) => upper.map((second) => [first, second]))
    : upper.map((byte) => [byte]);
  const decoder = new TextDecoder(isJapanese ? 'euc-jp' : label);
  const table = new Map<string, readonly number[]>();
  for (const run of runs) {
    const sign = decoder.decode(Uint8Array.from(run));
    if (/^.$/u.test(sign) && sign >= '\x80' && sign !== '\ufffd' && !table.has(sign)) table.set(sign, run);
  }
  tables.set(label, table);
  return table;
}
