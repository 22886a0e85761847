import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { ROOT } from './run-command.ts';

// Draws the page's mark (src/renderer/public/icon.svg) at every size and in every form the platforms want. Run by hand when
// the mark changes; the icons are kept in the repository.

type Colour = readonly [red: number, green: number, blue: number, alpha: number];
/** The colour at a place of the unit square. */
type Paint = (x: number, y: number) => Colour;
type Point = readonly [x: number, y: number];

const CLEAR: Colour = [0, 0, 0, 0];
const GROUND: Colour = [0x11, 0x13, 0x15, 255];
const LINE: Colour = [0x4f, 0xa3, 0xd9, 255];

// In the units of the drawing, 32 to the side.
const SIDE = 32;
const CORNER = 7;
const STROKE = 2.6;
const TRIANGLE: readonly Point[] = [
  [16, 6],
  [27, 25],
  [5, 25],
];

function distanceToSegment([x, y]: Point, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  const share = ((x - fromX) * alongX + (y - fromY) * alongY) / (alongX ** 2 + alongY ** 2);
  const nearest = Math.min(1, Math.max(0, share));
  return Math.hypot(x - fromX - nearest * alongX, y - fromY - nearest * alongY);
}

function isOnLine(at: Point): boolean {
  return TRIANGLE.some((from, place) => {
    const to = TRIANGLE[(place + 1) % TRIANGLE.length] ?? from;
    return distanceToSegment(at, from, to) <= STROKE / 2;
  });
}

function isOnTile([x, y]: Point): boolean {
  const beyond = (at: number): number => Math.max(0, Math.abs(at - SIDE / 2) - (SIDE / 2 - CORNER));
  return Math.hypot(beyond(x), beyond(y)) <= CORNER;
}

const tile: Paint = (x, y) => {
  const at: Point = [x * SIDE, y * SIDE];
  if (!isOnTile(at)) return CLEAR;
  return isOnLine(at) ? LINE : GROUND;
};

/** The line alone, grown to fill the small square of a tray. */
const line =
  (colour: Colour): Paint =>
  (x, y) =>
    isOnLine([(x - 0.5) * 26 + 16, (y - 0.5) * 26 + 15.5]) ? colour : CLEAR;
const mark = line(LINE);
/** macOS takes only the alpha channel of a template image. */
const template = line([0, 0, 0, 255]);

/** Pixels of a square, each the mean of 4 × 4 samples, weighted by how much of it is covered. */
function draw(paint: Paint, size: number): Buffer {
  const SAMPLES = 4;
  const pixels = Buffer.alloc(size * size * 4);
  for (let at = 0; at < size * size; at += 1) {
    const sum = [0, 0, 0, 0];
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
      const x = ((at % size) + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
      const y = (Math.floor(at / size) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
      const [red, green, blue, alpha] = paint(x, y);
      for (const [channel, value] of [red, green, blue].entries()) sum[channel] = (sum[channel] ?? 0) + value * alpha;
      sum[3] = (sum[3] ?? 0) + alpha;
    }
    const alpha = sum[3] ?? 0;
    for (let channel = 0; channel < 3; channel += 1)
      pixels[at * 4 + channel] = alpha === 0 ? 0 : Math.round((sum[channel] ?? 0) / alpha);
    pixels[at * 4 + 3] = Math.round(alpha / SAMPLES ** 2);
  }
  return pixels;
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** A PNG (ISO/IEC 15948) of 8 bits a channel with alpha, every line unfiltered. */
function png(paint: Paint, size: number): Buffer {
  const pixels = draw(paint, size);
  const lines = Array.from({ length: size }, (_, y) =>
    Buffer.concat([Buffer.of(0), pixels.subarray(y * size * 4, (y + 1) * size * 4)]),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.concat(lines), { level: 9 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A Windows icon holding PNGs, which Windows Vista and later read; 256 is written as 0. */
function ico(sizes: readonly number[]): Buffer {
  const images = sizes.map((size) => png(tile, size));
  const header = Buffer.alloc(6 + 16 * sizes.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(sizes.length, 4);
  let offset = header.length;
  for (const [place, size] of sizes.entries()) {
    const entry = 6 + 16 * place;
    const length = images[place]?.length ?? 0;
    header.set([size % 256, size % 256, 0, 0], entry);
    header.writeUInt16LE(1, entry + 4);
    header.writeUInt16LE(32, entry + 6);
    header.writeUInt32LE(length, entry + 8);
    header.writeUInt32LE(offset, entry + 12);
    offset += length;
  }
  return Buffer.concat([header, ...images]);
}

/** A macOS icon: each image a PNG under the four letters of its size. */
function icns(): Buffer {
  const kinds = {
    icp4: 16,
    icp5: 32,
    ic07: 128,
    ic08: 256,
    ic09: 512,
    ic10: 1024,
    ic11: 32,
    ic12: 64,
    ic13: 256,
    ic14: 512,
  };
  const entries = Object.entries(kinds).map(([kind, size]) => {
    const image = png(tile, size);
    const header = Buffer.alloc(8);
    header.write(kind, 'latin1');
    header.writeUInt32BE(image.length + 8, 4);
    return Buffer.concat([header, image]);
  });
  const body = Buffer.concat(entries);
  const header = Buffer.alloc(8);
  header.write('icns', 'latin1');
  header.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([header, body]);
}

const files: Readonly<Record<string, Buffer>> = {
  'build/icon.png': png(tile, 1024),
  'build/icon.ico': ico([16, 24, 32, 48, 64, 128, 256]),
  'build/icon.icns': icns(),
  'resources/icons/window.png': png(tile, 256),
  'resources/icons/tray.png': png(mark, 16),
  'resources/icons/tray@2x.png': png(mark, 32),
  'resources/icons/trayTemplate.png': png(template, 16),
  'resources/icons/trayTemplate@2x.png': png(template, 32),
};
for (const [file, bytes] of Object.entries(files)) {
  const place = path.join(ROOT, file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, bytes);
  console.log(`${file}: ${bytes.length} bytes`);
}
