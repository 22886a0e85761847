import { crc32, deflateSync } from 'node:zlib';
import loadCodec from '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs';
import type { RenderedFrame } from './render-frame.ts';

let codec: ReturnType<typeof loadCodec> | null = null;

/** A rendered frame as baseline JPEG, quality 1 to 100, by libjpeg-turbo; no chroma is subsampled. */
export async function encodeJpeg(
  { rows, columns, channels, bytes }: RenderedFrame,
  quality: number,
): Promise<Uint8Array> {
  codec ??= loadCodec({ print: () => undefined, printErr: () => undefined });
  const encoder = new (await codec).JPEGEncoder();
  try {
    const info = { width: columns, height: rows, bitsPerSample: 8, componentCount: channels, isSigned: false };
    encoder.getDecodedBuffer(info).set(bytes);
    encoder.setProgressive(false);
    encoder.setQuality(quality);
    encoder.setSubSampling(channels === 1 ? 3 : 0);
    encoder.encode();
    return new Uint8Array(encoder.getEncodedBuffer());
  } finally {
    encoder.delete();
  }
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
