import loadCharLs from '@cornerstonejs/codec-charls/decodewasmjs';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type DecodedSamples, type DecodeFailure, type EncodedFrame, sampleCount } from './encoded-frame.ts';
import { type JpegFrameHeader, readJpegFrameHeader } from './jpeg-header.ts';
import { interleave } from './native.ts';
import { copyDecoded, SILENT, wasmCodec } from './wasm-codec.ts';

const charLs = wasmCodec(
  () => loadCharLs(SILENT),
  (module) => new module.JpegLSDecoder(),
);

const START_OF_FRAME = 0xfff7;
const BY_PLANE = 0;

/** Samples of a JPEG-LS frame (ISO/IEC 14495-1), whatever its interleaving. The frame header is checked first. */
export async function decodeJpegLs(frame: EncodedFrame): Promise<Result<DecodedSamples, DecodeFailure>> {
  const header = readJpegFrameHeader(frame.bytes);
  if (header === null || !isAsTold(header, frame)) return err({ code: 'frame-damaged' });
  const decoded = await charLs((decoder) => {
    decoder.getEncodedBuffer(frame.bytes.length).set(frame.bytes);
    decoder.decode();
    const samples = copyDecoded(decoder.getDecodedBuffer(), decoder.getFrameInfo().bitsPerSample);
    const isByPlane = header.components > 1 && decoder.getInterleaveMode() === BY_PLANE;
    return isByPlane ? interleave(samples, header.components) : samples;
  });
  if (decoded === null || decoded.length !== sampleCount(frame)) return err({ code: 'frame-damaged' });
  return ok({
    samples: frame.bitsAllocated > 8 ? Uint16Array.from(decoded) : decoded,
    photometricInterpretation: frame.photometricInterpretation,
    precision: header.precision,
  });
}

function isAsTold(header: JpegFrameHeader, frame: EncodedFrame): boolean {
  return (
    header.marker === START_OF_FRAME &&
    header.rows === frame.rows &&
    header.columns === frame.columns &&
    header.components === frame.samplesPerPixel &&
    header.precision >= 2 &&
    header.precision <= Math.min(16, frame.bitsAllocated)
  );
}
