import { crc32, deflateSync } from 'node:zlib';
import loadCodec from '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs';
import type { RenderedFrame } from './render-frame.ts';

let codec: ReturnType<typeof loadCodec> | null = null;

/** A block of a JPEG without subsampling, in pixels a side (ITU-T T.81 §A.2). */
const BLOCK = 8;
/** Room for the markers before the scan, in bytes; those of a colour image take some 650. */
const HEADER_ROOM = 1_536;
/** Noise at quality 100 takes under two bytes a sample. */
const BYTES_PER_SAMPLE = 2;

/** A rendered frame as baseline JPEG, quality 1 to 100, by libjpeg-turbo; no chroma is subsampled. */
export async function encodeJpeg(frame: RenderedFrame, quality: number): Promise<Uint8Array> {
  const { rows, columns, channels, bytes } = fillBlocks(frame);
  const loading = (codec ??= loadCodec({ print: () => undefined, printErr: () => undefined }));
  try {
    const encoder = new (await loading).JPEGEncoder();
    // The encoder writes past its output where that is longer than the input; more bits a sample than there are make room.
    const room = (bytes.length * BYTES_PER_SAMPLE + HEADER_ROOM) / bytes.length;
    const info = { width: columns, height: rows, bitsPerSample: 8 * Math.ceil(room), componentCount: channels };
    encoder.getDecodedBuffer({ ...info, isSigned: false }).set(bytes);
    encoder.setProgressive(false);
    encoder.setQuality(quality);
    encoder.setSubSampling(channels === 1 ? 3 : 0);
    encoder.encode();
    const encoded = new Uint8Array(encoder.getEncodedBuffer());
    encoder.delete();
    return withSize(encoded, frame);
  } catch (error) {
    // What is left of a codec that threw can no longer be trusted; the next image gets a fresh one.
    if (codec === loading) codec = null;
    throw error;
  }
}

/** The image made up to whole blocks by repeating its last column and row, as an encoder does itself. */
function fillBlocks(frame: RenderedFrame): RenderedFrame {
  const [rows, columns] = [Math.ceil(frame.rows / BLOCK) * BLOCK, Math.ceil(frame.columns / BLOCK) * BLOCK];
  if (rows === frame.rows && columns === frame.columns) return frame;
  const { channels } = frame;
  const [stride, filled] = [frame.columns * channels, columns * channels];
  const bytes = new Uint8Array(rows * filled);
  for (let row = 0; row < rows; row += 1) {
    const from = Math.min(row, frame.rows - 1) * stride;
    const at = row * filled;
    bytes.set(frame.bytes.subarray(from, from + stride), at);
    for (let place = at + stride; place < at + filled; place += 1) bytes[place] = bytes[place - channels] ?? 0;
  }
  return { rows, columns, channels, bytes };
}

/** Says in the frame header (SOF0, ITU-T T.81 §B.2.2) how much of the blocks is image. */
function withSize(jpeg: Uint8Array, { rows, columns }: RenderedFrame): Uint8Array {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.length);
  let at = 2;
  while (view.getUint16(at) !== 0xffc0) at += 2 + view.getUint16(at + 2);
  view.setUint16(at + 5, rows);
  view.setUint16(at + 7, columns);
  return jpeg;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A rendered frame as PNG (ISO/IEC 15948): signature, header, one deflated run of rows with filter 0, end. */
export function encodePng({ rows, columns, channels, bytes }: RenderedFrame): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const stride = columns * channels;
  const lines = Buffer.alloc(rows * (stride + 1));
  for (let row = 0; row < rows; row += 1)
    lines.set(bytes.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  const chunks = [pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(lines)), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([PNG_SIGNATURE, ...chunks]);
}

function pngChunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
