import { v4 } from 'uuid';

/** A UID nobody else makes: a random UUID as a number (PS3.5 §B.2). */
export function freshUid(): string {
  return `2.25.${BigInt(`0x${v4().replaceAll('-', '')}`)}`;
}
