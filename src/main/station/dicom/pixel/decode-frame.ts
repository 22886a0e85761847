import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import {
  DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  HTJ2K,
  HTJ2K_LOSSLESS,
  HTJ2K_LOSSLESS_RPCL,
  IMPLICIT_LITTLE_ENDIAN,
  JPEG_2000,
  JPEG_2000_LOSSLESS,
  JPEG_BASELINE,
  JPEG_EXTENDED,
  JPEG_LOSSLESS,
  JPEG_LOSSLESS_FIRST_ORDER,
  JPEG_LS_LOSSLESS,
  JPEG_LS_NEAR_LOSSLESS,
  RLE_LOSSLESS,
} from '../transfer-syntaxes.ts';
import { type DecodeFailure, type EncodedFrame, type FrameDecoder, type Pixels, sampleCount } from './encoded-frame.ts';
import { decodeJpeg } from './jpeg.ts';
import { decodeJpeg2000, decodeHighThroughput } from './jpeg-2000.ts';
import { decodeJpegLs } from './jpeg-ls.ts';
import { decodeNative } from './native.ts';
import { decodeRle } from './rle.ts';
import { toStoredValues } from './stored-values.ts';

export type { DecodeFailure, EncodedFrame, Pixels } from './encoded-frame.ts';

/** One decoded frame: `rows * columns * samplesPerPixel` stored values, colour by pixel, before any rescale. */
export type DecodedFrame = {
  readonly pixels: Pixels;
  /** What the samples mean now: `RGB` where the codec undid a colour transform, `YBR_FULL` where it spread shared colour. */
  readonly photometricInterpretation: string;
};

const DECODERS: ReadonlyMap<string, FrameDecoder> = new Map<string, FrameDecoder>(
  Object.entries({
    [IMPLICIT_LITTLE_ENDIAN]: decodeNative,
    [EXPLICIT_LITTLE_ENDIAN]: decodeNative,
    [DEFLATED_EXPLICIT_LITTLE_ENDIAN]: decodeNative,
    [EXPLICIT_BIG_ENDIAN]: decodeNative,
    [RLE_LOSSLESS]: decodeRle,
    [JPEG_BASELINE]: decodeJpeg,
    [JPEG_EXTENDED]: decodeJpeg,
    [JPEG_LOSSLESS]: decodeJpeg,
    [JPEG_LOSSLESS_FIRST_ORDER]: decodeJpeg,
    [JPEG_LS_LOSSLESS]: decodeJpegLs,
    [JPEG_LS_NEAR_LOSSLESS]: decodeJpegLs,
    [JPEG_2000_LOSSLESS]: decodeJpeg2000,
    [JPEG_2000]: decodeJpeg2000,
    [HTJ2K_LOSSLESS]: decodeHighThroughput,
    [HTJ2K_LOSSLESS_RPCL]: decodeHighThroughput,
    [HTJ2K]: decodeHighThroughput,
  }),
);

/** Twice the largest mammogram; a header that claims more is lying, or asks for more memory than a station spares. */
const MOST_SAMPLES = 2 ** 27;
const ALLOCATED = new Set([1, 8, 16, 32, 64]);

/**
 * The stored values of one frame. Bits outside those stored are cleared and the sign is extended, so that overlays in unused
 * bits and careless padding do not show. Never rejects. It computes for as long as the frame takes (CT slice 5 to 30 ms):
 * not for a thread that must answer others meanwhile. The pixels are the caller's own, but
 * where `mayShare` lets them be the frame's bytes, to be looked at alone.
 */
export async function decodeFrame(frame: EncodedFrame, mayShare = false): Promise<Result<DecodedFrame, DecodeFailure>> {
  const decode = DECODERS.get(frame.transferSyntaxUid);
  if (!decode) return err({ code: 'transfer-syntax-not-decodable' });
  if (!isSane(frame)) return err({ code: 'unsupported-pixels' });
  if (sampleCount(frame) > MOST_SAMPLES) return err({ code: 'frame-too-large' });
  const decoded = await decode(frame, mayShare);
  if (!decoded.ok) return decoded;
  const { samples, precision, photometricInterpretation, areShared = false } = decoded.value;
  return ok({ pixels: toStoredValues(samples, bitsOf(frame, precision), areShared), photometricInterpretation });
}

function isSane(frame: EncodedFrame): boolean {
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, highBit, vr } = frame;
  return (
    ALLOCATED.has(bitsAllocated) &&
    (bitsAllocated !== 64 || vr === 'OD') &&
    bitsStored >= 1 &&
    bitsStored <= bitsAllocated &&
    highBit >= bitsStored - 1 &&
    highBit < bitsAllocated &&
    (samplesPerPixel === 1 || samplesPerPixel === 3) &&
    [rows, columns].every((size) => Number.isInteger(size) && size > 0 && size <= 0xffff)
  );
}

/** A stream of fewer bits than the header's high bit has its samples at the bottom, wherever the header put them. */
function bitsOf(
  { bitsStored, highBit, pixelRepresentation }: EncodedFrame,
  precision: number | null,
): { readonly bitsStored: number; readonly highBit: number; readonly pixelRepresentation: number } {
  if (precision === null || precision > highBit) return { bitsStored, highBit, pixelRepresentation };
  const stored = Math.min(bitsStored, precision);
  return { bitsStored: stored, highBit: stored - 1, pixelRepresentation };
}
