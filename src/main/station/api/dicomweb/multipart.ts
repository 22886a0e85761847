import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

/** One part: what it is, how long, and its bytes when their turn comes. */
export type Part = {
  readonly contentType: string;
  /** In bytes; null where that is known only once they are made. */
  readonly length: number | null;
  readonly bytes: () => AsyncIterable<Uint8Array>;
  /** A run of its bytes; left out where it can only be made as a whole. */
  readonly slice?: (offset: number, length: number) => AsyncIterable<Uint8Array>;
  /** Where it is to be had by itself. */
  readonly location?: string;
};

/** A body that is on its way out as it is read. */
export type Body = { readonly contentType: string; readonly length: number | null; readonly stream: Readable };

/** Parts of one type as a `multipart/related` body (RFC 2387; PS3.18 §8.6.1.2), one after another. */
export function multipartBody(type: string, parts: readonly Part[]): Body {
  const boundary = `wetread-${randomBytes(12).toString('hex')}`;
  const heads = parts.map(({ contentType, length, location }) => {
    const where = location === undefined ? '' : `Content-Location: ${location}\r\n`;
    const long = length === null ? '' : `Content-Length: ${length}\r\n`;
    return Buffer.from(`--${boundary}\r\nContent-Type: ${contentType}\r\n${where}${long}\r\n`, 'latin1');
  });
  const separator = Buffer.from('\r\n', 'latin1');
  const end = Buffer.from(`--${boundary}--\r\n`, 'latin1');
  async function* write(): AsyncGenerator<Uint8Array> {
    for (const [index, part] of parts.entries()) {
      yield heads[index] ?? separator;
      yield* part.bytes();
      yield separator;
    }
    yield end;
  }
  const length = parts.reduce<number | null>(
    (sum, part, index) =>
      sum === null || part.length === null ? null : sum + (heads[index]?.length ?? 0) + part.length + 2,
    end.length,
  );
  return {
    contentType: `multipart/related; type="${type}"; boundary=${boundary}`,
    length,
    stream: Readable.from(write(), { objectMode: false }),
  };
}
