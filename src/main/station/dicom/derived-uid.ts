import { v5 } from 'uuid';

const NAMESPACE = '5f0f9d0e-3b7e-4c1b-9d55-6a1a2f0f7c11';

/** A UID that names this text, the same for the same text every time and another for any other (PS3.5 §B.2, RFC 9562 §5.5). */
export function derivedUid(text: string): string {
  return `2.25.${BigInt(`0x${v5(text, NAMESPACE).replaceAll('-', '')}`)}`;
}
