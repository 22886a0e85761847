/** What the frame header of a JPEG or JPEG-LS stream says (ITU-T T.81 §B.2.2, ISO/IEC 14495-1 §C.2.2). */
export type JpegFrameHeader = {
  /** Which kind of frame: 0xFFC0 to 0xFFCF, or 0xFFF7 for JPEG-LS. */
  readonly marker: number;
  readonly precision: number;
  /** 0 where a segment behind the first scan says it. */
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
};

/** In the range of frame headers, but none: Huffman tables, extensions, arithmetic conditioning. */
const NOT_FRAMES = new Set([0xffc4, 0xffc8, 0xffcc]);

/** The frame header, found without decoding anything; null where there is none. */
export function readJpegFrameHeader(bytes: Uint8Array): JpegFrameHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 10 <= bytes.length) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at += 1; // fill byte
      continue;
    }
    if (marker < 0xffc0 || marker === 0xffda) return null;
    const isFrame = (marker <= 0xffcf && !NOT_FRAMES.has(marker)) || marker === 0xfff7;
    if (isFrame) {
      return {
        marker,
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
