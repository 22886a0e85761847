import { err, type Result } from '../../../../shared/domain/result.ts';
import {
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  JPEG_LOSSLESS,
  JPEG_LOSSLESS_FIRST_ORDER,
} from '../transfer-syntaxes.ts';
import { decodeJpegLossless } from './jpeg-lossless.ts';
import { decodeNative } from './native.ts';
import { toStoredValues } from './stored-values.ts';

/** One frame as it stands in the file, with what its header says of it (PS3.3 §C.7.6.3.1). */
export type EncodedFrame = {
  /** The frame's bytes; the fragments of an encapsulated frame joined. */
  readonly bytes: Uint8Array;
  readonly transferSyntaxUid: string;
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** 0 unsigned, 1 two's complement. */
  readonly pixelRepresentation: number;
};

/** Stored values, row by row; the samples of a colour pixel stand as in the file. */
export type Pixels = Int8Array | Uint8Array | Int16Array | Uint16Array;

/** Why a frame gives no pixels. */
export type DecodeFailure = {
  readonly code: 'transfer-syntax-not-decodable' | 'unsupported-pixels' | 'frame-too-short' | 'frame-damaged';
};

/** Raw samples before bits are cut to what is stored: unsigned, one entry a sample. */
export type RawSamples = Result<Uint8Array | Uint16Array, DecodeFailure>;

const DECODERS: Readonly<Record<string, (frame: EncodedFrame) => RawSamples>> = {
  [IMPLICIT_LITTLE_ENDIAN]: decodeNative,
  [EXPLICIT_LITTLE_ENDIAN]: decodeNative,
  [JPEG_LOSSLESS]: decodeJpegLossless,
  [JPEG_LOSSLESS_FIRST_ORDER]: decodeJpegLossless,
};

/**
 * The stored values of one frame: `rows * columns * samplesPerPixel` of them, before any rescale. Bits outside those stored
 * are cleared and the sign is extended, so that overlays in unused bits and careless padding do not show. Never throws.
 */
export function decodeFrame(frame: EncodedFrame): Result<Pixels, DecodeFailure> {
  const decode = DECODERS[frame.transferSyntaxUid];
  if (!decode) return err({ code: 'transfer-syntax-not-decodable' });
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, highBit } = frame;
  const isSane =
    (bitsAllocated === 8 || bitsAllocated === 16) &&
    bitsStored >= 1 &&
    bitsStored <= bitsAllocated &&
    highBit >= bitsStored - 1 &&
    highBit < bitsAllocated &&
    (samplesPerPixel === 1 || samplesPerPixel === 3) &&
    [rows, columns].every((size) => Number.isInteger(size) && size > 0 && size <= 0xffff);
  if (!isSane) return err({ code: 'unsupported-pixels' });
  const samples = decode(frame);
  return samples.ok ? { ok: true, value: toStoredValues(samples.value, frame) } : samples;
}
