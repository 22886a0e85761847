import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type DecodedSamples, type DecodeFailure, type EncodedFrame, sampleCount } from './encoded-frame.ts';
import { DamagedScan } from './jpeg-bits.ts';
import { type JpegFrameHeader, readJpegFrameHeader } from './jpeg-header.ts';
import { type JpegLsParameters, JpegLsScan } from './jpeg-ls-scan.ts';

const START_OF_FRAME = 0xfff7;
const START_OF_SCAN = 0xffda;
const RESTART_INTERVAL = 0xffdd;
const PRESET = 0xfff8;
const END_OF_IMAGE = 0xffd9;

/**
 * Samples of a JPEG-LS frame (ISO/IEC 14495-1), lossless or near-lossless, in any interleaving. Ours because the codec the
 * page uses goes on for ten seconds over a stream that ends early. The frame header is checked first.
 */
export function decodeJpegLs(frame: EncodedFrame): Result<DecodedSamples, DecodeFailure> {
  const header = readJpegFrameHeader(frame.bytes);
  if (header === null || !isAsTold(header, frame)) return err({ code: 'frame-damaged' });
  const { photometricInterpretation, bitsAllocated } = frame;
  const samples = bitsAllocated > 8 ? new Uint16Array(sampleCount(frame)) : new Uint8Array(sampleCount(frame));
  try {
    const isSupported = decodeSegments(frame.bytes, header, samples);
    if (!isSupported) return err({ code: 'unsupported-pixels' });
    return ok({ samples, photometricInterpretation, precision: header.precision });
  } catch (error) {
    // A RangeError is a read past the end of the bytes.
    if (error instanceof DamagedScan || error instanceof RangeError) return err({ code: 'frame-damaged' });
    throw error;
  }
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

/** False for what no DICOM writer uses: mapping tables, restart intervals, point transforms. */
function decodeSegments(bytes: Uint8Array, header: JpegFrameHeader, samples: Uint8Array | Uint16Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let preset: readonly number[] = [];
  let isDone = 0;
  const ids: number[] = [];
  for (let at = 2; isDone < header.components; ) {
    const marker = view.getUint16(at);
    if (marker < 0xff80 || marker === 0xffff) {
      at += 1; // fill bytes and strays between segments
      continue;
    }
    if (marker === END_OF_IMAGE) throw new DamagedScan();
    const length = view.getUint16(at + 2);
    const words = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => view.getUint16(at + from + 2 * index));
    if (marker === RESTART_INTERVAL && view.getUint16(at + 4) !== 0) return false;
    if (marker === PRESET) {
      if (view.getUint8(at + 4) !== 1) return false;
      preset = words(5, 5);
    }
    if (marker === START_OF_FRAME) {
      for (let index = 0; index < header.components; index += 1) ids.push(view.getUint8(at + 10 + 3 * index));
    }
    if (marker === START_OF_SCAN) {
      const count = view.getUint8(at + 4);
      const inScan = Array.from({ length: count }, (_, index) => ids.indexOf(view.getUint8(at + 5 + 2 * index)));
      const [near, interleaving, transform] = [0, 1, 2].map((index) => view.getUint8(at + 5 + 2 * count + index));
      if (transform !== 0 || near === undefined || interleaving === undefined) return false;
      if (count < 1 || inScan.includes(-1) || new Set(inScan).size !== count) throw new DamagedScan();
      const scan = new JpegLsScan(bytes, at + 2 + length, parametersOf(header.precision, near, preset));
      if (interleaving === 2 && count > 1) readByPixel(scan, header, inScan, samples);
      else readByLine(scan, header, inScan, samples);
      isDone += count;
      at = scan.position;
      continue;
    }
    at += 2 + length;
  }
  return true;
}

/** The given parameters, or for each that is zero the default (ISO/IEC 14495-1 §C.2.4.1.1.1). */
function parametersOf(precision: number, near: number, preset: readonly number[]): JpegLsParameters {
  const [given = 0, first = 0, second = 0, third = 0, reset = 0] = preset;
  const largest = given || 2 ** precision - 1;
  if (largest >= 2 ** precision || near > Math.min(255, largest >> 1)) throw new DamagedScan();
  const held = (value: number, least: number) => (value > largest || value < least ? least : value);
  const factor = largest >= 128 ? (Math.min(largest, 4095) + 128) >> 8 : Math.floor(256 / (largest + 1));
  const scaled = (base: number, least: number) =>
    largest >= 128 ? factor * (base - least) + least : Math.max(least, Math.floor(base / factor));
  const one = first || held(scaled(3, 2) + 3 * near, near + 1);
  const two = second || held(scaled(7, 3) + 5 * near, one);
  const three = third || held(scaled(21, 4) + 7 * near, two);
  return { largest, near, thresholds: [one, two, three], reset: reset || 64 };
}

/** A line of one component, with a sample before and one after it for the neighbours at the edges. */
type Lines = { above: Int32Array; current: Int32Array; runIndex: number };

function linesOf(columns: number): Lines {
  return { above: new Int32Array(columns + 2), current: new Int32Array(columns + 2), runIndex: 0 };
}

/** At either edge the neighbours outside are those above (§A.2.1). */
function startLine(lines: Lines, columns: number): void {
  const { above, current } = lines;
  above[columns + 1] = above[columns] as number;
  current[0] = above[1] as number;
}

function endLine(lines: Lines, samples: Uint8Array | Uint16Array, offset: number, step: number, columns: number): void {
  for (let column = 0; column < columns; column += 1) {
    samples[offset + column * step] = lines.current[column + 1] as number;
  }
  [lines.above, lines.current] = [lines.current, lines.above];
}

/** One component after another, or a line of each in turn: the same where there is one. */
function readByLine(
  scan: JpegLsScan,
  { rows, columns, components }: JpegFrameHeader,
  inScan: readonly number[],
  samples: Uint8Array | Uint16Array,
): void {
  const all = inScan.map((component) => ({ component, lines: linesOf(columns) }));
  for (let row = 0; row < rows; row += 1) {
    for (const { component, lines } of all) {
      startLine(lines, columns);
      readLine(scan, lines, columns);
      endLine(lines, samples, row * columns * components + component, components, columns);
    }
  }
}

function readLine(scan: JpegLsScan, lines: Lines, columns: number): void {
  const { above, current } = lines;
  for (let at = 1; at <= columns; ) {
    const left = current[at - 1] as number;
    const up = above[at] as number;
    const upLeft = above[at - 1] as number;
    const context = scan.context(left, up, upLeft, above[at + 1] as number);
    if (context !== 0) {
      current[at] = scan.regular(context, left, up, upLeft);
      at += 1;
      continue;
    }
    const { length, index, isBroken } = scan.run(columns - at + 1, lines.runIndex);
    current.fill(left, at, at + length);
    at += length;
    lines.runIndex = index;
    if (!isBroken) continue;
    current[at] = scan.broken(left, above[at] as number, index, true);
    lines.runIndex = Math.max(0, index - 1);
    at += 1;
  }
}

/** A sample of each component in turn; runs are of whole pixels. */
function readByPixel(
  scan: JpegLsScan,
  { rows, columns, components }: JpegFrameHeader,
  inScan: readonly number[],
  samples: Uint8Array | Uint16Array,
): void {
  const all = inScan.map(() => linesOf(columns));
  let runIndex = 0;
  const contexts = new Int32Array(all.length);
  for (let row = 0; row < rows; row += 1) {
    for (const lines of all) startLine(lines, columns);
    for (let at = 1; at <= columns; ) {
      let isRun = true;
      for (const [place, { above, current }] of all.entries()) {
        contexts[place] = scan.context(
          ...([current[at - 1], above[at], above[at - 1], above[at + 1]] as [number, number, number, number]),
        );
        if (contexts[place] !== 0) isRun = false;
      }
      if (isRun) {
        const { length, index, isBroken } = scan.run(columns - at + 1, runIndex);
        for (const { current } of all) current.fill(current[at - 1] as number, at, at + length);
        at += length;
        runIndex = index;
        if (!isBroken) continue;
        for (const { above, current } of all) {
          current[at] = scan.broken(current[at - 1] as number, above[at] as number, index, false);
        }
        runIndex = Math.max(0, index - 1);
      } else {
        for (const [place, { above, current }] of all.entries()) {
          const [left, up, upLeft] = [current[at - 1], above[at], above[at - 1]] as [number, number, number];
          current[at] = scan.regular(contexts[place] as number, left, up, upLeft);
        }
      }
      at += 1;
    }
    for (const [place, lines] of all.entries()) {
      const offset = row * columns * components + (inScan[place] as number);
      endLine(lines, samples, offset, components, columns);
    }
  }
}
