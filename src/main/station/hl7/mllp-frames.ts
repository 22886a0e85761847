import { err, ok, type Result } from '../../../shared/domain/result.ts';

/** Why no more can be read from a connection. */
export type MllpFault = { readonly code: 'message-too-large' | 'not-mllp' | 'cut-short' };

/** The largest message taken unless told otherwise. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const [START, END, AFTER_END] = [0x0b, 0x1c, 0x0d];
/** Line ends between frames are common and other bytes are to be passed over; who sends this many speaks something else. */
const MOST_NOISE = 1024;

/** A message as it goes over the wire: `0B`, its bytes, `1C 0D`. Throws where it holds the trailer itself. */
export function frame(message: Uint8Array): Buffer {
  if (Buffer.from(message).includes(Buffer.from([END, AFTER_END]))) throw new Error('a message holds the MLLP trailer');
  return Buffer.concat([Buffer.from([START]), message, Buffer.from([END, AFTER_END])]);
}

/**
 * The messages of a byte stream, one by one, however it is cut into chunks (MLLP release 1); ends with a fault, or with the
 * stream. A message that the stream's end cuts short is a fault and never a message.
 */
export async function* readFrames(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number = MAX_MESSAGE_BYTES,
): AsyncGenerator<Result<Buffer, MllpFault>> {
  let parts: Buffer[] | null = null;
  let length = 0;
  let noise = 0;
  for await (const bytes of source) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < chunk.length) {
      if (parts === null) {
        const start = chunk.indexOf(START, at);
        noise += (start < 0 ? chunk.length : start) - at;
        if (noise > MOST_NOISE) return yield err({ code: 'not-mllp' });
        if (start < 0) break;
        [parts, length, noise, at] = [[], 0, 0, start + 1];
        continue;
      }
      const isHalfEnded: boolean = at === 0 && parts.at(-1)?.at(-1) === END && chunk[0] === AFTER_END;
      const end: number = isHalfEnded ? -1 : endOf(chunk, at);
      const until: number = isHalfEnded ? 0 : end < 0 ? chunk.length : end;
      parts.push(chunk.subarray(at, until));
      length += until - at;
      const ofTrailer: number = isHalfEnded || parts.at(-1)?.at(-1) === END ? 1 : 0; // or may be, which the next chunk says
      if (length - ofTrailer > maxBytes) return yield err({ code: 'message-too-large' });
      if (!isHalfEnded && end < 0) break;
      const whole: Buffer = Buffer.concat(parts);
      yield ok(isHalfEnded ? whole.subarray(0, -1) : whole);
      [parts, at] = [null, isHalfEnded ? 1 : end + 2];
    }
  }
  if (parts !== null) yield err({ code: 'cut-short' });
}

/** Where the trailer begins; a lone `1C` is data. */
function endOf(chunk: Buffer, from: number): number {
  let end = chunk.indexOf(END, from);
  while (end >= 0 && chunk[end + 1] !== AFTER_END) end = chunk.indexOf(END, end + 1);
  return end;
}
