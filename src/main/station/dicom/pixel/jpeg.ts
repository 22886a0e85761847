import { err, type Result } from '../../../../shared/domain/result.ts';
import type { DecodedSamples, DecodeFailure, EncodedFrame } from './encoded-frame.ts';
import { decodeJpegDct } from './jpeg-dct.ts';
import { readJpegFrameHeader } from './jpeg-header.ts';
import { decodeJpegLossless } from './jpeg-lossless.ts';

const BASELINE = 0xffc0;
const EXTENDED = 0xffc1;
const LOSSLESS = 0xffc3;

/**
 * Samples of a JPEG frame (ITU-T T.81) by what its own header says it is: writers confuse baseline, extended and lossless in
 * the transfer syntax. The header is checked first, so that it cannot ask for memory.
 */
export function decodeJpeg(frame: EncodedFrame): Result<DecodedSamples, DecodeFailure> {
  const header = readJpegFrameHeader(frame.bytes);
  if (header === null) return err({ code: 'frame-damaged' });
  const isAsTold =
    header.rows === frame.rows &&
    header.columns === frame.columns &&
    header.components === frame.samplesPerPixel &&
    header.precision <= frame.bitsAllocated;
  if (!isAsTold) return err({ code: 'frame-damaged' });
  if (header.marker === LOSSLESS) return decodeJpegLossless(frame, header);
  if (header.marker === BASELINE || header.marker === EXTENDED) return decodeJpegDct(frame, header);
  return err({ code: 'unsupported-pixels' }); // progressive, hierarchical, arithmetic: retired in DICOM
}
