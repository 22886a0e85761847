/** A part on its way in: its headers by lower-case name, and its bytes as they come. It is read, or passed over, before the next. */
export type IncomingPart = {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncGenerator<Uint8Array>;
};

/** Why a body is not what its header promised. */
export type MultipartFault = 'no-boundary' | 'truncated' | 'malformed' | 'headers-too-long' | 'part-too-long';

/** Leaves a body that cannot be read on; thrown into whoever reads a part, so that nothing of it is kept. */
export class BrokenMultipart extends Error {
  readonly code: MultipartFault;
  constructor(code: MultipartFault) {
    super(code);
    this.code = code;
  }
}

const LONGEST_HEADERS = 16 * 1024;
const LINE = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');

/** The boundary of a `multipart/related` Content-Type (RFC 2046 §5.1.1), or null where it has none that is allowed. */
export function boundaryOf(parameters: ReadonlyMap<string, string>): string | null {
  const boundary = parameters.get('boundary') ?? '';
  return /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary) ? boundary : null;
}

/**
 * The parts of a multipart body, one at a time, never holding more of one than a chunk and a boundary. Throws
 * `BrokenMultipart` where the body ends early, or a part is longer than `longestPart` bytes.
 */
export async function* readParts(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
  longestPart: number,
): AsyncGenerator<IncomingPart> {
  const input = new Input(source);
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  input.prepend(LINE); // the first boundary may stand at the very beginning
  for await (const _preamble of input.until(delimiter, LONGEST_HEADERS, 'no-boundary'));
  while (await input.isNextPart()) {
    const headers = parseHeaders(await input.take(BLANK_LINE, LONGEST_HEADERS));
    const body = input.until(delimiter, longestPart, 'part-too-long');
    yield { headers, body };
    for await (const _rest of body); // whatever the reader left
  }
}

/** Bytes that came and are not read yet. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  prepend(bytes: Buffer): void {
    this.#held = Buffer.concat([bytes, this.#held]);
  }

  /** Everything before the mark, which is passed over. */
  async *until(mark: Buffer, longest: number, tooLong: MultipartFault): AsyncGenerator<Uint8Array> {
    let given = 0;
    for (;;) {
      const at = this.#held.indexOf(mark);
      // Without the mark its beginning may stand at the end.
      const safe = at >= 0 ? at : Math.max(0, this.#held.length - mark.length + 1);
      const chunk = this.#held.subarray(0, safe);
      given += chunk.length;
      if (given > longest) throw new BrokenMultipart(tooLong);
      this.#held = this.#held.subarray(at >= 0 ? at + mark.length : safe);
      if (chunk.length > 0) yield chunk;
      if (at >= 0) return;
      await this.#more();
    }
  }

  /** What stands before a mark, whole. */
  async take(mark: Buffer, longest: number): Promise<Buffer> {
    // A part without headers begins with the blank line's second half.
    if ((await this.#atLeast(2)).subarray(0, 2).equals(LINE)) {
      this.#held = this.#held.subarray(2);
      return Buffer.alloc(0);
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of this.until(mark, longest, 'headers-too-long')) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** After a boundary: true where a part follows, false at the end of the last. */
  async isNextPart(): Promise<boolean> {
    if ((await this.#atLeast(2)).toString('latin1', 0, 2) === '--') return false;
    const padding = await this.take(LINE, LONGEST_HEADERS);
    if (padding.toString('latin1').trim() !== '') throw new BrokenMultipart('malformed');
    return true;
  }

  async #atLeast(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#more();
    return this.#held;
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw new BrokenMultipart('truncated');
    this.#held = this.#held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#held, next.value]);
  }
}

function parseHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const lines = bytes
    .toString('latin1')
    .split('\r\n')
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      if (at < 1) throw new BrokenMultipart('malformed');
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
}
