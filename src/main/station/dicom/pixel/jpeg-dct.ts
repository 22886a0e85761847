import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { DecodedSamples, DecodeFailure, EncodedFrame } from './encoded-frame.ts';
import { BitReader, DamagedScan, type HuffmanTable, huffmanTable } from './jpeg-bits.ts';
import type { JpegFrameHeader } from './jpeg-header.ts';
import { inverseDct } from './jpeg-inverse-dct.ts';
import { type Plane, upsample } from './jpeg-upsample.ts';

/** From the order of the stream to rows and columns (ITU-T T.81 Figure A.6). */
const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21],
  ...[28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61],
  ...[54, 47, 55, 62, 63],
);

type Component = {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  readonly quantization: number;
  readonly plane: Plane;
  /** Blocks of the whole plane in a row, padding to whole units included. */
  readonly blocksAcross: number;
  dc: HuffmanTable | null;
  ac: HuffmanTable | null;
  predicted: number;
};

/** What the segments up to a scan have said. */
type Tables = {
  readonly quantization: (Int32Array | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  restartInterval: number;
  /** Adobe's word on whether colour was transformed; null where there is none. */
  adobeTransform: number | null;
  hasJfif: boolean;
};

/**
 * Samples of a sequential DCT frame with Huffman coding, of 8 or 12 bits (ITU-T T.81 processes 1, 2 and 4), whose header is as
 * the data set says. Components come at full size and untransformed: YCbCr stays YCbCr.
 */
export function decodeJpegDct(frame: EncodedFrame, header: JpegFrameHeader): Result<DecodedSamples, DecodeFailure> {
  if (header.precision !== 8 && header.precision !== 12) return err({ code: 'unsupported-pixels' });
  try {
    const { components, tables } = readSegments(frame, header);
    return ok({
      samples: joinComponents(frame, components),
      photometricInterpretation: colourOf(frame, components, tables),
      precision: header.precision,
    });
  } catch (error) {
    // A RangeError is a read past the end of the bytes.
    if (error instanceof DamagedScan || error instanceof RangeError) return err({ code: 'frame-damaged' });
    throw error;
  }
}

function readSegments(
  frame: EncodedFrame,
  header: JpegFrameHeader,
): { readonly components: readonly Component[]; readonly tables: Tables } {
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables: Tables = {
    ...{ quantization: [], dc: [], ac: [] },
    ...{ restartInterval: 0, adobeTransform: null, hasJfif: false },
  };
  let components: readonly Component[] = [];
  const scanned = new Set<Component>();
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = view.getUint16(at);
    if (marker === 0xffd9) break;
    if (marker < 0xff01 || marker === 0xffff || (marker >= 0xffd0 && marker <= 0xffd7)) {
      at += 1; // fill bytes and strays between segments
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) throw new DamagedScan();
    const segment = bytes.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (marker === 0xffdb) readQuantization(segment, tables);
    else if (marker === 0xffc4) readHuffman(segment, tables);
    else if (marker === 0xffdd) tables.restartInterval = view.getUint16(at - length + 2);
    else if (marker === 0xffe0) tables.hasJfif ||= startsWith(segment, 'JFIF');
    else if (marker === 0xffee) tables.adobeTransform = startsWith(segment, 'Adobe') ? (segment[11] ?? null) : null;
    else if (marker === 0xffc0 || marker === 0xffc1) components = readComponents(segment, header);
    else if (marker === 0xffda) {
      const inScan = readScanHeader(segment, components, tables);
      for (const component of inScan) scanned.add(component);
      at = decodeScan(bytes, at, inScan, components, header, tables);
    }
  }
  if (components.length === 0 || scanned.size !== components.length) throw new DamagedScan();
  return { components, tables };
}

function startsWith(segment: Uint8Array, text: string): boolean {
  return String.fromCharCode(...segment.subarray(0, text.length)) === text;
}

function readQuantization(segment: Uint8Array, tables: Tables): void {
  for (let at = 0; at < segment.length; ) {
    const [size, place] = [(segment[at] as number) >> 4, (segment[at] as number) & 3];
    at += 1;
    const length = size === 0 ? 64 : 128;
    if (at + length > segment.length) throw new DamagedScan();
    const steps = new Int32Array(64);
    for (let index = 0; index < 64; index += 1) {
      const step =
        size === 0
          ? (segment[at + index] as number)
          : (segment[at + 2 * index] as number) * 256 + (segment[at + 2 * index + 1] as number);
      steps[ZIGZAG[index] as number] = step;
    }
    tables.quantization[place] = steps;
    at += length;
  }
}

function readHuffman(segment: Uint8Array, tables: Tables): void {
  for (let at = 0; at < segment.length; ) {
    const head = segment[at] as number;
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (counts.length < 16 || total > 256 || at + 17 + total > segment.length) throw new DamagedScan();
    const table = huffmanTable(counts, segment.subarray(at + 17, at + 17 + total));
    (head >> 4 === 0 ? tables.dc : tables.ac)[head & 3] = table;
    at += 17 + total;
  }
}

function readComponents(segment: Uint8Array, header: JpegFrameHeader): readonly Component[] {
  const factors = Array.from({ length: header.components }, (_, index) => {
    const [id = 0, sampling = 0, quantization = 0] = segment.subarray(6 + 3 * index, 9 + 3 * index);
    const [across, down] = [sampling >> 4, sampling & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4) throw new DamagedScan();
    return { id, across, down, quantization: quantization & 3 };
  });
  const mostAcross = Math.max(...factors.map(({ across }) => across));
  const mostDown = Math.max(...factors.map(({ down }) => down));
  const unitsAcross = Math.ceil(header.columns / (8 * mostAcross));
  const unitsDown = Math.ceil(header.rows / (8 * mostDown));
  return factors.map((factor) => {
    const blocksAcross = unitsAcross * factor.across;
    const size = blocksAcross * unitsDown * factor.down * 64;
    const plane: Plane = {
      samples: header.precision > 8 ? new Uint16Array(size) : new Uint8Array(size),
      stride: blocksAcross * 8,
      rows: Math.ceil((header.rows * factor.down) / mostDown),
      columns: Math.ceil((header.columns * factor.across) / mostAcross),
    };
    return { ...factor, plane, blocksAcross, dc: null, ac: null, predicted: 0 };
  });
}

function readScanHeader(segment: Uint8Array, components: readonly Component[], tables: Tables): readonly Component[] {
  const count = segment[0] ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const [id, chosen = 0] = segment.subarray(1 + 2 * index, 3 + 2 * index);
    const component = components.find((one) => one.id === id);
    if (component === undefined) throw new DamagedScan();
    component.dc = tables.dc[(chosen >> 4) & 3] ?? null;
    component.ac = tables.ac[chosen & 3] ?? null;
    return component;
  });
}

/** Decodes one scan; gives where the next segment begins. */
function decodeScan(
  bytes: Uint8Array,
  start: number,
  inScan: readonly Component[],
  components: readonly Component[],
  header: JpegFrameHeader,
  tables: Tables,
): number {
  const reader = new BitReader(bytes, start);
  const block = new Int32Array(64);
  const decodeAt = (component: Component, row: number, column: number) => {
    decodeBlock(reader, component, tables.quantization[component.quantization], block);
    const { samples, stride } = component.plane;
    inverseDct(block, header.precision, samples, row * 8 * stride + column * 8, stride);
  };
  const [only] = inScan;
  const isAlone = inScan.length === 1 && only !== undefined;
  const mostAcross = Math.max(...components.map(({ across }) => across));
  const mostDown = Math.max(...components.map(({ down }) => down));
  // A component alone in its scan has no padding to whole units (ITU-T T.81 §A.2.2).
  const unitsAcross = isAlone ? Math.ceil(only.plane.columns / 8) : Math.ceil(header.columns / (8 * mostAcross));
  const unitsDown = isAlone ? Math.ceil(only.plane.rows / 8) : Math.ceil(header.rows / (8 * mostDown));
  for (const component of inScan) component.predicted = 0;
  for (let unit = 0; unit < unitsAcross * unitsDown; unit += 1) {
    if (tables.restartInterval > 0 && unit > 0 && unit % tables.restartInterval === 0) {
      reader.restart();
      for (const component of inScan) component.predicted = 0;
    }
    const [unitRow, unitColumn] = [Math.floor(unit / unitsAcross), unit % unitsAcross];
    if (isAlone) {
      decodeAt(only, unitRow, unitColumn);
      continue;
    }
    for (const component of inScan) {
      const { across, down } = component;
      for (let index = 0; index < across * down; index += 1) {
        decodeAt(component, unitRow * down + Math.floor(index / across), unitColumn * across + (index % across));
      }
    }
  }
  return reader.position;
}

/** One block's coefficients, dequantized, in natural order (ITU-T T.81 §F.2.2). */
function decodeBlock(reader: BitReader, component: Component, steps: Int32Array | undefined, block: Int32Array): void {
  const { dc, ac } = component;
  if (dc === null || ac === null || steps === undefined) throw new DamagedScan();
  block.fill(0);
  const size = reader.symbol(dc);
  if (size > 15) throw new DamagedScan();
  component.predicted += reader.difference(size);
  block[0] = component.predicted * (steps[0] as number);
  for (let index = 1; index < 64; index += 1) {
    const symbol = reader.symbol(ac);
    const bits = symbol & 15;
    const zeros = symbol >> 4;
    if (bits === 0) {
      if (zeros !== 15) break;
      index += 15;
      continue;
    }
    index += zeros;
    if (index > 63) throw new DamagedScan();
    const place = ZIGZAG[index] as number;
    block[place] = reader.difference(bits) * (steps[place] as number);
  }
}

function joinComponents(frame: EncodedFrame, components: readonly Component[]): Uint8Array | Uint16Array {
  const { rows, columns } = frame;
  const mostAcross = Math.max(...components.map(({ across }) => across));
  const mostDown = Math.max(...components.map(({ down }) => down));
  const count = components.length;
  const joined =
    frame.bitsAllocated > 8 ? new Uint16Array(rows * columns * count) : new Uint8Array(rows * columns * count);
  for (const [index, { plane, across, down }] of components.entries()) {
    const full = upsample(plane, mostAcross / across, mostDown / down, rows, columns);
    for (let pixel = 0; pixel < full.length; pixel += 1) joined[pixel * count + index] = full[pixel] as number;
  }
  return joined;
}

/**
 * What three components mean. The data set's word holds, unless the stream contradicts it in a way that only one reading
 * explains: shared colour, or a marker that only YCbCr streams have, cannot be RGB.
 */
function colourOf(
  { photometricInterpretation }: EncodedFrame,
  components: readonly Component[],
  { adobeTransform, hasJfif }: Tables,
): string {
  if (components.length !== 3) return photometricInterpretation;
  const isNamedRgb = components.map(({ id }) => String.fromCharCode(id)).join('') === 'RGB';
  if (isNamedRgb || adobeTransform === 0) return 'RGB';
  const isShared = components.some(
    ({ across, down }) => across !== components[0]?.across || down !== components[0]?.down,
  );
  if (photometricInterpretation === 'RGB') return isShared || hasJfif || adobeTransform === 1 ? 'YBR_FULL' : 'RGB';
  return photometricInterpretation.startsWith('YBR') ? 'YBR_FULL' : photometricInterpretation;
}
