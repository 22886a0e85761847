import { err, ok, type Result } from '../../../shared/domain/result.ts';

/** Why no more can be read from a connection. */
export type MllpFault = { readonly code: 'message-too-large' | 'not-mllp' | 'cut-short' };

/** The largest message taken unless told otherwise. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const [START, END, AFTER_END] = [0x0b, 0x1c, 0x0d];
/** Line ends between frames are common and other bytes are to be passed over; who sends this many speaks something else. */
const MOST_NOISE = 1024;
/** Most messages are shorter. */
const LEAST_ROOM = 4096;

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
  let message: Buffer | null = null;
  let length = 0;
  let noise = 0;
  for await (const bytes of source) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < chunk.length) {
      if (message === null) {
        const start = chunk.indexOf(START, at);
        noise += (start < 0 ? chunk.length : start) - at;
        if (noise > MOST_NOISE) return yield err({ code: 'not-mllp' });
        if (start < 0) break;
        [message, length, noise, at] = [Buffer.alloc(0), 0, 0, start + 1];
        continue;
      }
      const isHalfEnded: boolean = at === 0 && length > 0 && message[length - 1] === END && chunk[0] === AFTER_END;
      const end: number = isHalfEnded ? -1 : endOf(chunk, at);
      const until: number = isHalfEnded ? 0 : end < 0 ? chunk.length : end;
      message = withRoom(message, length + until - at);
      length += chunk.copy(message, length, at, until);
      const ofTrailer: number = isHalfEnded || message[length - 1] === END ? 1 : 0; // or may be, which the next chunk says
      if (length - ofTrailer > maxBytes) return yield err({ code: 'message-too-large' });
      if (!isHalfEnded && end < 0) break;
      yield ok(message.subarray(0, isHalfEnded ? length - 1 : length));
      [message, at] = [null, isHalfEnded ? 1 : end + 2];
    }
  }
  if (message !== null) yield err({ code: 'cut-short' });
}

/**
 * The same bytes where there is room for so many. It grows by half: who sends byte by byte costs what they sent, and neither an
 * object a byte nor a copy of all a byte.
 */
function withRoom(message: Buffer, needed: number): Buffer {
  if (needed <= message.length) return message;
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.ceil(message.length * 1.5), LEAST_ROOM));
  message.copy(larger);
  return larger;
}

/** Where the trailer begins; a lone `1C` is data. */
function endOf(chunk: Buffer, from: number): number {
  let end = chunk.indexOf(END, from);
  while (end >= 0 && chunk[end + 1] !== AFTER_END) end = chunk.indexOf(END, end + 1);
  return end;
}
