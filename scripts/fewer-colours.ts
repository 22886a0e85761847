import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** What a palette holds. */
const MOST_COLOURS = 256;
/** The surfaces and texts of a page stay exactly as they are: its most frequent colours. */
const EXACT_COLOURS = 96;

/** A colour, red above green above blue, and how often it occurs. */
type Counted = readonly [colour: number, count: number];
type Pixels = { readonly width: number; readonly height: number; readonly colours: Uint32Array };

/** A PNG (ISO/IEC 15948) of 8 bits a channel without gaps as a browser takes them, with a palette of 256 colours: a third of its weight. The most frequent colours stay exact. Throws on any other kind of PNG. */
export function withFewerColours(png: Uint8Array): Buffer {
  const { width, height, colours } = readPixels(Buffer.from(png));
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const byFrequency = [...counts].toSorted(([, one], [, other]) => other - one);
  const rest = byFrequency.slice(EXACT_COLOURS);
  const groups = [
    ...byFrequency.slice(0, EXACT_COLOURS).map((one) => [one]),
    ...(rest.length === 0 ? [] : medianCut(rest, MOST_COLOURS - EXACT_COLOURS)),
  ];
  const places = new Map(groups.flatMap((group, place) => group.map(([colour]) => [colour, place] as const)));
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) lines[y * (width + 1) + 1 + x] = places.get(colours[y * width + x] ?? 0) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(groups.flatMap(mean))),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const channel = (colour: number, shift: number) => (colour >> shift) & 0xff;
const SHIFTS = [16, 8, 0] as const;

function mean(group: readonly Counted[]): readonly number[] {
  const weight = group.reduce((sum, [, count]) => sum + count, 0);
  return SHIFTS.map((shift) =>
    Math.round(group.reduce((sum, [colour, count]) => sum + channel(colour, shift) * count, 0) / weight),
  );
}

/** Halves the group that is widest in one channel, until there are enough groups. */
function medianCut(all: readonly Counted[], most: number): readonly (readonly Counted[])[] {
  const boxes = [boxOf(all)];
  while (boxes.length < most) {
    const widest = boxes.reduce((best, box, place) => (box.spread > (boxes[best]?.spread ?? 0) ? place : best), 0);
    const box = boxes[widest];
    if (box === undefined || box.spread === 0) break;
    const sorted = box.colours.toSorted(([one], [other]) => channel(one, box.shift) - channel(other, box.shift));
    const middle = Math.floor(sorted.length / 2);
    boxes.splice(widest, 1, boxOf(sorted.slice(0, middle)), boxOf(sorted.slice(middle)));
  }
  return boxes.map(({ colours }) => colours);
}

function boxOf(colours: readonly Counted[]) {
  const spreads = SHIFTS.map((shift) => {
    const values = colours.map(([colour]) => channel(colour, shift));
    const [low, high] = values.reduce(([min, max], value) => [Math.min(min, value), Math.max(max, value)], [255, 0]);
    return { shift, spread: (high ?? 0) - (low ?? 0) };
  });
  return { colours, ...spreads.reduce((most, one) => (one.spread > most.spread ? one : most)) };
}

function readPixels(png: Buffer): Pixels {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('no PNG');
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const [bits, kind, , , interlace] = png.subarray(24, 29);
  if (bits !== 8 || (kind !== 2 && kind !== 6) || interlace !== 0) throw new Error('not a PNG as browsers take them');
  const size = kind === 2 ? 3 : 4;
  const bytes = unfiltered(inflateSync(Buffer.concat(data)), width * size, height, size);
  const colours = new Uint32Array(width * height);
  for (let pixel = 0; pixel < colours.length; pixel += 1) colours[pixel] = bytes.readUIntBE(pixel * size, 3);
  return { width, height, colours };
}

/** Takes back what each line was filtered by (clause 9). */
function unfiltered(lines: Buffer, stride: number, height: number, size: number): Buffer {
  const bytes = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = lines[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x < size ? 0 : (bytes[at - size] ?? 0);
      const above = y === 0 ? 0 : (bytes[at - stride] ?? 0);
      const corner = x < size || y === 0 ? 0 : (bytes[at - stride - size] ?? 0);
      const guess = [0, left, above, (left + above) >> 1, filter === 4 ? paeth(left, above, corner) : 0][filter ?? 0];
      bytes[at] = (lines[y * (stride + 1) + 1 + x] ?? 0) + (guess ?? 0);
    }
  }
  return bytes;
}

function paeth(left: number, above: number, corner: number): number {
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((one) => Math.abs(left + above - corner - one));
  if ((toLeft ?? 0) <= (toAbove ?? 0) && (toLeft ?? 0) <= (toCorner ?? 0)) return left;
  return (toAbove ?? 0) <= (toCorner ?? 0) ? above : corner;
}

function chunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
