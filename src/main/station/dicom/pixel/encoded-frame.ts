import type { Result } from '../../../../shared/domain/result.ts';

/** One frame as it stands in the file, with what its header says of it (PS3.3 §C.7.6.3.1). Plain data: it crosses to a thread. */
export type EncodedFrame = {
  /** The frame's bytes; the fragments of an encapsulated frame joined. */
  readonly bytes: Uint8Array;
  readonly transferSyntaxUid: string;
  /** VR of the pixel data: OF and OD hold floating point, OW has its bytes swapped in big endian. */
  readonly vr: string;
  /** Where the frame begins in the first byte: 0 but for packed single bits (PS3.5 §8.1.1). */
  readonly bitOffset: number;
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  /** 0 colour by pixel, 1 colour by plane; of uncompressed frames only. */
  readonly planarConfiguration: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  /** 0 unsigned, 1 two's complement. */
  readonly pixelRepresentation: number;
};

/** Whole numbers as decoders leave them, one entry a sample, colour by pixel. */
export type WholeSamples = Uint8Array | Uint16Array | Uint32Array;

/** Stored values, row by row, colour by pixel. */
export type Pixels = Int8Array | Int16Array | Int32Array | WholeSamples | Float32Array | Float64Array;

/** What a decoder gives back. */
export type DecodedSamples = {
  readonly samples: WholeSamples | Float32Array | Float64Array;
  /** What the samples mean now: a codec may have undone a colour transform. */
  readonly photometricInterpretation: string;
  /** Bits a sample in a compressed stream; its samples start at bit 0. Null where the header's bits hold. */
  readonly precision: number | null;
  /** The samples are the frame's own bytes: they are only looked at. */
  readonly areShared?: boolean;
};

/** Why a frame gives no pixels. */
export type DecodeFailure = {
  readonly code:
    | 'transfer-syntax-not-decodable'
    | 'unsupported-pixels'
    | 'frame-too-large'
    | 'frame-too-short'
    | 'frame-damaged';
};

/** Decodes one frame whose header is sane; `mayShare`: its samples may be the frame's own bytes. Never throws for what a frame holds. */
export type FrameDecoder = (
  frame: EncodedFrame,
  mayShare: boolean,
) => Result<DecodedSamples, DecodeFailure> | Promise<Result<DecodedSamples, DecodeFailure>>;

/** How many samples a frame has. */
export function sampleCount({ rows, columns, samplesPerPixel }: EncodedFrame): number {
  return rows * columns * samplesPerPixel;
}
