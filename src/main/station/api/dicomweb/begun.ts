import type { Part } from './multipart.ts';

/**
 * The same parts, the first piece of the first one read: what does not open is then an error before anything is said, not an
 * answer that breaks off. Rejects with the reading's error.
 */
export async function begun(parts: readonly Part[]): Promise<readonly Part[]> {
  const [first, ...others] = parts;
  if (first === undefined) return parts;
  const pieces = first.bytes()[Symbol.asyncIterator]();
  const piece = await pieces.next();
  async function* bytes(): AsyncGenerator<Uint8Array> {
    if (piece.done !== true) yield piece.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  }
  return [{ ...first, bytes }, ...others];
}
