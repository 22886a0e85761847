import { deflateSync, crc32 } from 'node:zlib';
import loadCodec from '@cornerstonejs/codec-libjpeg-turbo-8bit/wasmjs';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { decodeFrame, type DecodeFailure, type EncodedFrame } from '../../dicom/pixel/decode-frame.ts';
import type { FramePresentation } from '../../dicom/pixel/frame-presentation.ts';
import { renderFrame, type RenderedFrame, type RenderOptions } from '../../dicom/pixel/render-frame.ts';
import { fitTo, type Viewport } from './viewport.ts';

/** A frame to be shown: how, how large, and as what. */
export type RenderWork = {
  readonly frame: EncodedFrame;
  readonly presentation: FramePresentation;
  readonly options: RenderOptions;
  readonly viewport: Viewport | null;
  readonly type: 'image/jpeg' | 'image/png';
  /** 1 to 100, of a JPEG. */
  readonly quality: number;
};

/** A decoded frame as native little-endian pixels, colour by pixel. */
export type NativeFrame = { readonly bytes: Uint8Array; readonly photometricInterpretation: string };

/** Decodes a frame to the bytes of a native one with as many bits allocated as its header says; for a thread. */
export async function nativeFrame(frame: EncodedFrame): Promise<Result<NativeFrame, DecodeFailure>> {
  const decoded = await decodeFrame(frame);
  if (!decoded.ok) return decoded;
  const { pixels, photometricInterpretation } = decoded.value;
  const size = frame.bitsAllocated / 8;
  if (![1, 2, 4, 8].includes(size)) return err({ code: 'unsupported-pixels' });
  if (pixels.BYTES_PER_ELEMENT === size)
    return ok({
      bytes: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength),
      photometricInterpretation,
    });
  const bytes = Buffer.alloc(pixels.length * size);
  for (let index = 0; index < pixels.length; index += 1)
    bytes.writeUIntLE((pixels[index] ?? 0) & (size === 1 ? 0xff : 0xffff), index * size, Math.min(size, 2));
  return ok({ bytes, photometricInterpretation });
}

/** Renders a frame into a JPEG or PNG of the size asked for; for a thread: it takes as long as decoding does. */
export async function renderImage(work: RenderWork): Promise<Result<Uint8Array, DecodeFailure>> {
  const rendered = await renderFrame(work.frame, work.presentation, work.options);
  if (!rendered.ok) return rendered;
  const image = work.viewport === null ? rendered.value : fitTo(rendered.value, work.viewport);
  return ok(work.type === 'image/png' ? encodePng(image) : await encodeJpeg(image, work.quality));
}

let codec: ReturnType<typeof loadCodec> | null = null;

/** libjpeg-turbo, as the page decodes with; no chroma is subsampled. */
async function encodeJpeg({ rows, columns, channels, bytes }: RenderedFrame, quality: number): Promise<Uint8Array> {
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

/** PNG (ISO/IEC 15948): signature, header, one deflated run of rows with filter 0, end. */
function encodePng({ rows, columns, channels, bytes }: RenderedFrame): Uint8Array {
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
