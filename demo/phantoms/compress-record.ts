import loadCharLs from '@cornerstonejs/codec-charls/wasmjs';
import loadOpenJpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs';
import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { encodeJpeg } from '../../src/main/station/dicom/pixel/encode-image.ts';
import { silent } from '../../src/main/station/dicom/pixel/wasm-codec.ts';
import {
  EXPLICIT_LITTLE_ENDIAN,
  HTJ2K_LOSSLESS,
  JPEG_2000_LOSSLESS,
  JPEG_BASELINE,
  JPEG_LOSSLESS_FIRST_ORDER,
  JPEG_LS_LOSSLESS,
  RLE_LOSSLESS,
} from '../../src/main/station/dicom/transfer-syntaxes.ts';
import { encodeJpegLossless } from './jpeg-lossless-frame.ts';
import { encodeRleFrame } from './rle-frame.ts';

/** How the hospital's machines store pixels. Baseline JPEG is for eight bits alone, and loses some. */
export const DEMO_TRANSFER_SYNTAXES = [
  EXPLICIT_LITTLE_ENDIAN,
  JPEG_LS_LOSSLESS,
  JPEG_2000_LOSSLESS,
  HTJ2K_LOSSLESS,
  RLE_LOSSLESS,
  JPEG_LOSSLESS_FIRST_ORDER,
  JPEG_BASELINE,
] as const;
export type DemoTransferSyntax = (typeof DEMO_TRANSFER_SYNTAXES)[number];

/** One frame as it stands in a record: whole samples, colour by pixel. */
export type PlainFrame = {
  readonly samples: Uint8Array | Uint16Array | Int16Array;
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly bitsStored: number;
  readonly isSigned: boolean;
};

const JPEG_QUALITY = 92;

/** A record with its pixels in a transfer syntax, one fragment a frame, and the attributes that follow from it. */
export async function compressRecord(
  record: DicomRecord,
  transferSyntaxUid: DemoTransferSyntax = EXPLICIT_LITTLE_ENDIAN,
): Promise<{ readonly record: DicomRecord; readonly transferSyntaxUid: string }> {
  const pixels = record.PixelData;
  if (transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN || !isSamples(pixels)) {
    return { record, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN };
  }
  const number = (keyword: string) => Number(record[keyword] ?? 1);
  const shape = {
    rows: number('Rows'),
    columns: number('Columns'),
    samplesPerPixel: number('SamplesPerPixel'),
    bitsStored: number('BitsStored'),
    isSigned: record.PixelRepresentation === 1,
  };
  const size = shape.rows * shape.columns * shape.samplesPerPixel;
  const fragments: Uint8Array[] = [];
  for (let frame = 0; frame < number('NumberOfFrames'); frame += 1) {
    const samples = pixels.subarray(frame * size, (frame + 1) * size);
    fragments.push(await ENCODERS[transferSyntaxUid]({ ...shape, samples }));
  }
  const encoded = fragments.reduce((sum, { length }) => sum + length, 0);
  return {
    record: {
      ...record,
      ...(transferSyntaxUid === JPEG_BASELINE && {
        LossyImageCompression: '01',
        LossyImageCompressionMethod: 'ISO_10918_1',
        LossyImageCompressionRatio: Number((pixels.byteLength / encoded).toFixed(2)),
        ...(shape.samplesPerPixel === 3 && { PhotometricInterpretation: 'YBR_FULL_422' }),
      }),
      ...(transferSyntaxUid === JPEG_2000_LOSSLESS || transferSyntaxUid === HTJ2K_LOSSLESS
        ? shape.samplesPerPixel === 3 && { PhotometricInterpretation: 'YBR_RCT' }
        : {}),
      PixelData: { fragments },
    },
    transferSyntaxUid,
  };
}

const charLs = once(() => loadCharLs(silent()));
const openJpeg = once(() => loadOpenJpeg(silent()));
const openJph = once(() => loadOpenJph(silent()));

/** A codec is compiled where it is first needed, and once. */
function once<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loading: Promise<Module> | null = null;
  return () => (loading ??= load());
}

type Encode = (frame: PlainFrame) => Uint8Array | Promise<Uint8Array>;

const ENCODERS: Readonly<Record<Exclude<DemoTransferSyntax, typeof EXPLICIT_LITTLE_ENDIAN>, Encode>> = {
  [JPEG_LS_LOSSLESS]: async (frame) => encodeWith(new (await charLs()).JpegLSEncoder(), asUnsigned(frame)),
  [JPEG_2000_LOSSLESS]: async (frame) => encodeWith(new (await openJpeg()).J2KEncoder(), frame),
  [HTJ2K_LOSSLESS]: async (frame) => encodeWith(new (await openJph()).HTJ2KEncoder(), frame),
  [RLE_LOSSLESS]: encodeRleFrame,
  [JPEG_LOSSLESS_FIRST_ORDER]: (frame) => encodeJpegLossless(asUnsigned(frame)),
  [JPEG_BASELINE]: ({ samples, rows, columns, samplesPerPixel }) => {
    if (!(samples instanceof Uint8Array)) throw new Error('baseline JPEG has eight bits');
    return encodeJpeg({ rows, columns, channels: samplesPerPixel === 3 ? 3 : 1, bytes: samples }, JPEG_QUALITY);
  },
};

/** Colour by pixel in one scan (ISO/IEC 14495-1 §C.2.3). */
const BY_SAMPLE = 2;

function encodeWith(encoder: WasmEncoder, frame: PlainFrame): Uint8Array {
  const { samples, rows, columns, samplesPerPixel, bitsStored, isSigned } = frame;
  const isColour = samplesPerPixel === 3;
  encoder
    .getDecodedBuffer({
      ...{ width: columns, height: rows, bitsPerSample: bitsStored, componentCount: samplesPerPixel, isSigned },
      isUsingColorTransform: isColour,
    })
    .set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  encoder.setInterleaveMode?.(isColour ? BY_SAMPLE : 0);
  encoder.encode();
  const encoded = Uint8Array.from(encoder.getEncodedBuffer());
  encoder.delete();
  return encoded;
}

/** What has no sign in its stream holds the stored bits as they are (PS3.5 §8.2.3). */
function asUnsigned(frame: PlainFrame): PlainFrame {
  if (!frame.isSigned) return frame;
  const mask = 2 ** frame.bitsStored - 1;
  return { ...frame, samples: Uint16Array.from(frame.samples, (value) => value & mask), isSigned: false };
}

function isSamples(value: unknown): value is PlainFrame['samples'] {
  return value instanceof Uint8Array || value instanceof Uint16Array || value instanceof Int16Array;
}
