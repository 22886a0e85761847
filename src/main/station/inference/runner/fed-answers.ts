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
};

/** Reads what a model is fed, by the ids of its manifest; `object-missing` where a file of it is gone, `object-damaged` where it is another. */
export async function readFedAnswers(
  fed: readonly FedRun[],
  objects: ObjectReader,
): Promise<Result<ReadonlyMap<string, FedAnswer>, { readonly code: 'object-missing' | 'object-damaged' }>> {
  const answers = new Map<string, FedAnswer>();
  for (const { id, scores, masks, features } of fed) {
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
    });
  }
  return ok(answers);
}

async function readOrNull(
  objects: ObjectReader,
  digest: string,
  encoding: FedRun['masks'][number]['encoding'],
): Promise<Uint8Array | null> {
  try {
    return await objects.read(digest, encoding);
  } catch {
    return null; // gone or unreadable: the run says so
  }
}
