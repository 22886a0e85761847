import type { PlainFrame } from './compress-record.ts';

const MOST_IN_RUN = 128;

/** A frame in RLE (PS3.5 Annex G): the bytes of each sample in planes, the most significant first. */
export function encodeRleFrame({ samples, samplesPerPixel }: PlainFrame): Uint8Array {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const width = samples.BYTES_PER_ELEMENT;
  const segments: Uint8Array[] = [];
  for (let sample = 0; sample < samplesPerPixel; sample += 1) {
    for (let byte = width - 1; byte >= 0; byte -= 1) {
      const plane = new Uint8Array(samples.length / samplesPerPixel);
      for (let pixel = 0; pixel < plane.length; pixel += 1) {
        plane[pixel] = bytes[(pixel * samplesPerPixel + sample) * width + byte] as number;
      }
      segments.push(packBits(plane));
    }
  }
  const header = new Uint32Array(16);
  header[0] = segments.length;
  let at = header.byteLength;
  for (const [index, segment] of segments.entries()) {
    header[index + 1] = at;
    at += segment.length;
  }
  return Buffer.concat([new Uint8Array(header.buffer), ...segments]);
}

/** Runs of the same byte, and of unlike ones, of up to 128; of even length (PS3.5 §G.3.1). */
function packBits(plane: Uint8Array): Uint8Array {
  const packed: number[] = [];
  let at = 0;
  while (at < plane.length) {
    const same = runLength(plane, at);
    if (same > 1) {
      packed.push(257 - same, plane[at] as number);
      at += same;
      continue;
    }
    let end = at + 1;
    while (end < plane.length && end - at < MOST_IN_RUN && runLength(plane, end) < 3) end += 1;
    packed.push(end - at - 1, ...plane.subarray(at, end));
    at = end;
  }
  if (packed.length % 2 === 1) packed.push(0x80); // says nothing (PS3.5 §G.3.2)
  return Uint8Array.from(packed);
}

function runLength(plane: Uint8Array, from: number): number {
  let end = from + 1;
  while (end < plane.length && end - from < MOST_IN_RUN && plane[end] === plane[from]) end += 1;
  return end - from;
}
