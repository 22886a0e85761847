import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { FedRun } from '../runner-protocol.ts';
import type { SourceFrame } from './prepared-grid.ts';

const unpack = promisify(gunzip);

/** What another model said of the study in numbers, as this one is given it. */
export type FedNumbers = Pick<FedRun, 'scores'> & {
  /** By tensor, the samples as their first axis. */
  readonly features: ReadonlyMap<string, { readonly dims: readonly number[]; readonly values: Float32Array }>;
};

/** All that it said. */
export type FedAnswer = {
  readonly numbers: FedNumbers;
  /** 1 where a label's mask is set on a frame; null where the other model gave none for it. */
  readonly maskOf: (label: string, frame: SourceFrame) => Int16Array | null;
  /** 1 at the pixels of a frame whose middles are in its boxes of a label, all or the best of them, and at one pixel of a box that holds no middle; null where it kept none, as runs of before did, or read another series. */
  readonly boxesOf: (label: string, frame: SourceFrame, which: 'boxes' | 'best-box') => Int16Array | null;
};

/** Reads what a model is fed, by the ids of its manifest; `object-missing` where a file of it is gone, `object-damaged` where it is another. */
export async function readFedAnswers(
  fed: readonly FedRun[],
  objects: Pick<ObjectReader, 'read'>,
): Promise<Result<ReadonlyMap<string, FedAnswer>, { readonly code: 'object-missing' | 'object-damaged' }>> {
  const answers = new Map<string, FedAnswer>();
  for (const { id, isOfSameSeries, scores, masks, boxes, features } of fed) {
    const bits = new Map<string, Uint8Array>();
    for (const { digest, encoding } of [...masks, ...features]) {
      const packed = await readOrNull(objects, digest, encoding);
      if (packed === null) return err({ code: 'object-missing' });
      try {
        bits.set(digest, await unpack(packed));
      } catch {
        return err({ code: 'object-damaged' }); // the bytes are no gzip any more
      }
    }
    const read = new Map<string, { dims: readonly number[]; values: Float32Array }>();
    for (const { tensor, digest, dims } of features) {
      const bytes = bits.get(digest) as Uint8Array;
      if (bytes.length !== dims.reduce((product, size) => product * size, 4)) return err({ code: 'object-damaged' });
      read.set(tensor, { dims, values: new Float32Array(Uint8Array.from(bytes).buffer) });
    }
    answers.set(id, {
      numbers: { scores, features: read },
      maskOf(label, { sopUid, frameNumber, rows, columns }) {
        for (const mask of masks) {
          if (mask.label !== label) continue;
          const at = mask.frames.findIndex((one) => one.sopUid === sopUid && one.frameNumber === frameNumber);
          if (at < 0 || mask.rows !== rows || mask.columns !== columns) continue;
          const all = bits.get(mask.digest) as Uint8Array;
          const first = at * rows * columns;
          return Int16Array.from({ length: rows * columns }, (_, pixel) => {
            return ((all[(first + pixel) >> 3] as number) >> ((first + pixel) & 7)) & 1;
          });
        }
        return null;
      },
      boxesOf(label, { sopUid, frameNumber, rows, columns }, which) {
        if (boxes === undefined || isOfSameSeries === false) return null;
        const found = boxes.filter((box) => box.label === label).toSorted((a, b) => b.score - a.score);
        const pixels = new Int16Array(rows * columns);
        for (const { frames } of which === 'boxes' ? found : found.slice(0, 1))
          for (const frame of frames)
            if (frame.sopUid === sopUid && frame.frameNumber === frameNumber)
              fillWithin(pixels, [rows, columns], frame.edges);
        return pixels;
      },
    });
  }
  return ok(answers);
}

/** Sets the pixels whose middles lie within edges; where these hold none, the one that their own middle lies in. */
function fillWithin(
  pixels: Int16Array,
  [rows, columns]: readonly [number, number],
  [left, top, right, bottom]: readonly [number, number, number, number],
): void {
  const [firstColumn, endColumn] = pixelsWithin(left, right, columns);
  const [firstRow, endRow] = pixelsWithin(top, bottom, rows);
  for (let row = firstRow; row < endRow; row += 1)
    pixels.fill(1, row * columns + firstColumn, row * columns + endColumn);
}

/** The first pixel of a span along an axis, and the one behind its last; never none: what was found is not to read as nothing. */
function pixelsWithin(from: number, to: number, count: number): readonly [number, number] {
  const [first, end] = [Math.max(0, Math.ceil(from - 0.5)), Math.min(count, Math.ceil(to - 0.5))];
  if (first < end) return [first, end];
  const middle = Math.min(count - 1, Math.max(0, Math.floor((from + to) / 2)));
  return [middle, middle + 1];
}

async function readOrNull(
  objects: Pick<ObjectReader, 'read'>,
  digest: string,
  encoding: FedRun['masks'][number]['encoding'],
): Promise<Uint8Array | null> {
  try {
    return await objects.read(digest, encoding);
  } catch {
    return null; // gone or unreadable: the run says so
  }
}
