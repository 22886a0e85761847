/** What was done to a text before it may stand in a row. Persisted: only ever added to. */
export type TextMark = 'text-not-decodable' | 'text-has-controls' | 'text-shortened';

/** A patient's name of three groups has 194 characters at most; nothing honest in a row is longer. */
const LONGEST = 512;

/** Control characters, and those that turn the direction of the text around them: they could make one name look like another. */
const HIDDEN = /[\p{Cc}\u061C\u200B\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]+/gu;

/**
 * A text fit to be shown in a row: no control or direction characters, and no longer than 512; the object keeps what it had.
 * `note` hears what was done to it.
 */
export function displayText(text: string, note: (mark: TextMark) => void): string {
  if (text.includes('\uFFFD')) note('text-not-decodable');
  const plain = text.replaceAll(HIDDEN, ' ');
  const shown = plain === text ? text : plain.replaceAll(/ {2,}/g, ' ').trim();
  if (plain !== text) note('text-has-controls');
  if (shown.length <= LONGEST) return shown;
  note('text-shortened');
  // Never between the halves of a character beyond the basic plane.
  return shown.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '');
}
