import { Decoder } from 'jpeg-lossless-decoder-js';
import { err, ok } from '../../../../shared/domain/result.ts';
import type { EncodedFrame, RawSamples } from './decode-frame.ts';

/** What a JPEG frame header says (ITU-T T.81 §B.2.2). */
type JpegHeader = {
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
};

/** Samples of a JPEG Lossless frame (ITU-T T.81 process 14). The header is checked first, so that it cannot ask for memory. */
export function decodeJpegLossless(frame: EncodedFrame): RawSamples {
  const header = readFrameHeader(frame.bytes);
  if (header === null) return err({ code: 'frame-damaged' });
  const isAsTold =
    header.rows === frame.rows &&
    header.columns === frame.columns &&
    header.components === frame.samplesPerPixel &&
    header.precision <= frame.bitsAllocated;
  if (!isAsTold) return err({ code: 'frame-damaged' });
  if (header.components === 3 && header.precision > 8) return err({ code: 'unsupported-pixels' });
  const count = frame.rows * frame.columns * frame.samplesPerPixel;
  try {
    const bytes = padBeforeEnd(frame.bytes);
    const decoded = new Decoder().decode(bytes.buffer, 0, bytes.length, header.precision > 8 ? 2 : 1);
    if (!decoded || decoded.length !== count) return err({ code: 'frame-damaged' });
    return ok(frame.bitsAllocated === 16 ? Uint16Array.from(decoded) : Uint8Array.from(decoded));
  } catch {
    return err({ code: 'frame-damaged' }); // the decoder throws at whatever it cannot read
  }
}

const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);
/** Eight one bits, stuffed as entropy-coded data are (ITU-T T.81 §B.1.1.5). */
const PADDING = Uint8Array.of(0xff, 0x00);

/**
 * A copy with padding before the end marker. The decoder mistakes the marker for data when the last code ends right before
 * it, and leaves the last pixel zero (jpeg-lossless-decoder-js 2.1.2, `getHuffmanValue`).
 */
function padBeforeEnd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf(END_OF_IMAGE);
  const at = end < 0 ? bytes.length : end;
  const padded = new Uint8Array(bytes.length + PADDING.length);
  padded.set(bytes.subarray(0, at));
  padded.set(PADDING, at);
  padded.set(bytes.subarray(at), at + PADDING.length);
  return padded;
}

function readFrameHeader(bytes: Uint8Array): JpegHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at += 1; // fill byte
      continue;
    }
    if (marker < 0xffc0 || marker === 0xffda) return null;
    if (marker === 0xffc3) {
      if (at + 10 > bytes.length) return null;
      return {
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
