import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { decodeFrame, type DecodeFailure, type EncodedFrame } from '../../dicom/pixel/decode-frame.ts';
import type { FramePresentation } from '../../dicom/pixel/frame-presentation.ts';
import { encodeJpeg, encodePng } from '../../dicom/pixel/encode-image.ts';
import { renderFrame, type RenderOptions } from '../../dicom/pixel/render-frame.ts';
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
  if (frame.bitsAllocated === 1) return ok({ bytes: packBits(pixels), photometricInterpretation });
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

/** Single bits, least significant first, from the first byte on (PS3.5 §8.1.1). */
function packBits(pixels: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(pixels.length / 8));
  for (let index = 0; index < pixels.length; index += 1)
    if (pixels[index] !== 0) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  return bytes;
}

/** Renders a frame into a JPEG or PNG of the size asked for; for a thread: it takes as long as decoding does. */
export async function renderImage(work: RenderWork): Promise<Result<Uint8Array, DecodeFailure>> {
  const rendered = await renderFrame(work.frame, work.presentation, work.options);
  if (!rendered.ok) return rendered;
  const image = work.viewport === null ? rendered.value : fitTo(rendered.value, work.viewport);
  return ok(work.type === 'image/png' ? encodePng(image) : await encodeJpeg(image, work.quality));
}
