import loadOpenJpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type DecodedSamples, type DecodeFailure, type EncodedFrame, sampleCount } from './encoded-frame.ts';
import { copyDecoded, silent, type WasmCodec, type WasmDecoder, wasmCodec } from './wasm-codec.ts';

/** What a codestream's SIZ segment says (ISO/IEC 15444-1 §A.5.1). */
type Size = {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly precision: number;
};

const openJpeg = wasmCodec(
  () => loadOpenJpeg(silent()),
  (module) => new module.J2KDecoder(),
);
const openJph = wasmCodec(
  () => loadOpenJph(silent()),
  (module) => new module.HTJ2KDecoder(),
);

/** Samples of a JPEG 2000 frame (ISO/IEC 15444-1), whole precision up to 16 bits. */
export function decodeJpeg2000(frame: EncodedFrame): Promise<Result<DecodedSamples, DecodeFailure>> {
  return decodeWith(openJpeg, frame);
}

/** Samples of a High-Throughput JPEG 2000 frame (ISO/IEC 15444-15). */
export function decodeHighThroughput(frame: EncodedFrame): Promise<Result<DecodedSamples, DecodeFailure>> {
  return decodeWith(openJph, frame);
}

/** The size is read first, so that a lying stream cannot ask for memory. */
async function decodeWith(
  codec: WasmCodec<WasmDecoder>,
  frame: EncodedFrame,
): Promise<Result<DecodedSamples, DecodeFailure>> {
  const size = readSize(frame.bytes);
  if (size === null) return err({ code: 'frame-damaged' });
  const isAsTold =
    size.rows === frame.rows &&
    size.columns === frame.columns &&
    size.components === frame.samplesPerPixel &&
    size.precision <= frame.bitsAllocated;
  if (!isAsTold) return err({ code: 'frame-damaged' });
  if (size.precision > 16) return err({ code: 'unsupported-pixels' });
  const decoded = await codec((decoder) => {
    decoder.getEncodedBuffer(frame.bytes.length).set(frame.bytes);
    decoder.decode();
    return copyDecoded(decoder.getDecodedBuffer(), decoder.getFrameInfo().bitsPerSample);
  });
  if (decoded === null || decoded.length !== sampleCount(frame)) return err({ code: 'frame-damaged' });
  const samples = frame.bitsAllocated > 8 ? Uint16Array.from(decoded) : decoded;
  return ok({
    samples,
    // The codec undoes the component transform of the codestream (PS3.5 §8.2.4).
    photometricInterpretation: /^YBR_(RCT|ICT)$/.test(frame.photometricInterpretation)
      ? 'RGB'
      : frame.photometricInterpretation,
    precision: size.precision,
  });
}

const CODESTREAM = Uint8Array.of(0xff, 0x4f, 0xff, 0x51);

/** Components of different size or precision count as none: nothing in DICOM has them. */
function readSize(bytes: Uint8Array): Size | null {
  // Some writers put the codestream in a JP2 box, against PS3.5 §A.4.4; it stands near the start then.
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096));
  const start = head.indexOf(CODESTREAM);
  if (start < 0 || start + 45 > head.length) return null;
  const at = start + 4;
  const components = head.readUInt16BE(at + 36);
  if (components < 1 || at + 38 + 3 * components > head.length) return null;
  const columns = head.readUInt32BE(at + 4) - head.readUInt32BE(at + 12);
  const rows = head.readUInt32BE(at + 8) - head.readUInt32BE(at + 16);
  const depth = head[at + 38] as number;
  for (let index = 0; index < components; index += 1) {
    const from = at + 38 + 3 * index;
    if (head[from] !== depth || head[from + 1] !== 1 || head[from + 2] !== 1) return null;
  }
  return { rows, columns, components, precision: (depth & 0x7f) + 1 };
}
