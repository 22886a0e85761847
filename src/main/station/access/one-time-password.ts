import { randomInt } from 'node:crypto';

/** No letter or digit that is read as another. */
const READABLE = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A password to be told once and changed: four groups of five, 100 bits, easy to type from a screen. */
export function freshPassword(): string {
  const letters = Array.from({ length: 20 }, () => READABLE[randomInt(READABLE.length)]);
  return [0, 5, 10, 15].map((from) => letters.slice(from, from + 5).join('')).join('-');
}
