import { searchable } from '../../../shared/domain/person-name.ts';

/** A row's words by where they stand, folded; as both indexes of the search take them. */
export type SearchText = { readonly name: string; readonly number: string; readonly exam: string };

/** What somebody typed: its words as they are compared, each a phrase of characters where it is Chinese, Japanese or Korean. */
export type SearchWords = readonly string[];

/** Scripts that write no space between words: each character is a word of its own, and a row of them a phrase. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** Every word narrows by a condition of its own; those after so many narrow no further. */
const MOST_WORDS = 12;
/** What a trigram index can look for at all. */
const SHORTEST_FRAGMENT = 3;
/** How much of a number's end is looked for. */
const [SHORTEST_TELLING, LONGEST_TELLING] = [6, 8];

/** Text as the search compares it: no accents, no case, half-width as full-width, unspaced characters apart. */
export function foldForSearch(text: string): string {
  // Composed again: what NFKD takes apart includes the syllables of Hangul.
  return Array.from(searchable(text).normalize('NFC'))
    .map((character) => (UNSPACED.test(character) ? ` ${character} ` : character))
    .join('')
    .replace(/ +/g, ' ')
    .trim();
}

/** The words of what was typed; empty where it has neither letter nor digit. */
export function wordsOf(typed: string): SearchWords {
  return searchable(typed)
    .normalize('NFC')
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => word.split(/((?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])+)/u))
    .filter((word) => word !== '')
    .slice(0, MOST_WORDS);
}

/** An FTS5 expression: every word begins a word of a row, or stands in it as a phrase where its script has no spaces. */
export function beginningsOf(words: SearchWords): string {
  return words.map((word) => (UNSPACED.test(word) ? quoted(apart(word)) : `${quoted(word)} *`)).join(' AND ');
}

/** An FTS5 expression: all words, whole and one after another. */
export function wholeOf(words: SearchWords): string {
  return quoted(words.map((word) => (UNSPACED.test(word) ? apart(word) : word)).join(' '));
}

/**
 * An FTS5 expression for a trigram index that finds every row in which all words of three letters or more stand somewhere, and
 * maybe others; null where no word is so long.
 */
export function fragmentsOf(words: SearchWords): string | null {
  const long = words.filter((word) => Array.from(word).length >= SHORTEST_FRAGMENT && !UNSPACED.test(word));
  return long.length === 0 ? null : long.map((word) => quoted(tellingEnd(word))).join(' AND ');
}

/** Whether every word begins a word of the text: what `beginningsOf` finds. */
export function hasBeginnings(text: SearchText, words: SearchWords): boolean {
  const whole = ` ${[text.name, text.number, text.exam].join(' ')} `;
  return words.every((word) => whole.includes(UNSPACED.test(word) ? ` ${apart(word)} ` : ` ${word}`));
}

/** Whether every word stands somewhere in the text. */
export function hasFragments(text: SearchText, words: SearchWords): boolean {
  const whole = [text.name, text.number, text.exam].join(' ');
  return words.every((word) => whole.includes(UNSPACED.test(word) ? apart(word) : word));
}

/**
 * Of a long number its end. A site's numbers begin alike (`ACC2026…`), and looking for letters that stand in each of a million
 * rows takes 40 ms, where the rest takes 2.
 */
function tellingEnd(word: string): string {
  if (!/\d/.test(word) || word.length <= LONGEST_TELLING) return word;
  const end = word.slice(-LONGEST_TELLING);
  const digits = end.replace(/^\D+/, '');
  return digits.length >= SHORTEST_TELLING ? digits : end;
}

function apart(word: string): string {
  return Array.from(word).join(' ');
}

/** Words hold letters and digits alone; quoted, none is an operator of FTS5. */
function quoted(words: string): string {
  return `"${words}"`;
}
