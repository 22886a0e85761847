import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import type { Result } from '../../../../shared/domain/result.ts';
import { type GivenTensor, numbersOf } from './read-tensor.ts';

/** No batch takes longer: between two a run gives way, and a STAT study waits for no more than that. */
export const MOST_BATCH_MS = 250;
/** A batch twice as large has to save at least this share of a sample's time: noise is no reason. */
const WORTH_SHARE = 0.05;
/** So many samples are looked at to find out; each is computed once more by every size that is tried, once after a model is loaded. */
const MOST_TRIED = 32;

type Tensors = ReadonlyMap<string, GivenTensor>;

/** What a model gave for one sample, and how long that took. */
export type SingleAnswer<Sample> = { readonly sample: Sample; readonly tensors: Tensors; readonly tookMs: number };

/** Found out for each loaded model: how many samples of a shape it is given at once. Its manifest stands for it, and goes with it. */
const found = new WeakMap<ModelManifest, Map<string, number>>();

/** How many samples of a shape a loaded model is given at once; null while nobody found out. */
export function knownBatch(manifest: ModelManifest, shape: readonly number[]): number | null {
  return found.get(manifest)?.get(shape.join()) ?? null;
}

/** Keeps what was found out, or that a batch could not be computed and there are to be none. */
export function keepBatch(manifest: ModelManifest, shape: readonly number[], size: number): void {
  const sizes = found.get(manifest) ?? new Map<string, number>();
  found.set(manifest, sizes.set(shape.join(), size));
}

/** How many samples are computed one by one before larger batches of them are tried; 0 where there is nothing to find out. */
export function countTried(most: number, samples: number): number {
  return most < 2 || samples < 4 ? 0 : Math.min(most, samples, MOST_TRIED);
}

/**
 * Finds the batch that a model computes quickest, by doubling from 1 while that helps: no larger than `most`, none that takes
 * longer than `MOST_BATCH_MS`, fails (where there is no memory for it), or gives other numbers than the samples one by one beyond
 * the model's replay tolerance. `singles`: what they gave; at least two, the first of which only warmed the model up.
 */
export async function findBatch<Sample>(
  singles: readonly SingleAnswer<Sample>[],
  compute: (samples: readonly Sample[]) => Promise<Result<Tensors, { readonly code: string }>>,
  { most, tolerance }: { readonly most: number; readonly tolerance: ModelManifest['replayTolerance'] },
  now: () => number = () => performance.now(),
): Promise<number> {
  let best = { size: 1, msEach: Math.min(...singles.slice(1).map(({ tookMs }) => tookMs)) };
  for (let size = 2; size <= Math.min(most, singles.length); size *= 2) {
    if (best.msEach * size > MOST_BATCH_MS) break;
    const group = singles.slice(0, size);
    const samples = group.map(({ sample }) => sample);
    const warm = await compute(samples); // what a new shape takes the first time is no measure
    if (!warm.ok || !agrees(warm.value, group, tolerance)) break;
    const from = now();
    if (!(await compute(samples)).ok) break;
    const msEach = (now() - from) / size;
    if (msEach * size > MOST_BATCH_MS || msEach > best.msEach * (1 - WORTH_SHARE)) break;
    best = { size, msEach };
  }
  return best.size;
}

function agrees(
  batch: Tensors,
  singles: readonly SingleAnswer<unknown>[],
  { absolute, relative }: ModelManifest['replayTolerance'],
): boolean {
  for (const [name, tensor] of batch) {
    const numbers = numbersOf(tensor.data);
    if (numbers === null) return false;
    let at = 0;
    for (const { tensors } of singles) {
      const one = numbersOf(tensors.get(name)?.data);
      if (one === null) return false;
      for (let index = 0; index < one.length; index += 1, at += 1) {
        const [value, other] = [one[index] as number, numbers[at]];
        if (other === undefined) return false;
        const isAlike =
          Object.is(other, value) || Math.abs(other - value) <= Math.max(absolute, relative * Math.abs(value));
        if (!isAlike) return false;
      }
    }
    // A tensor that does not hold one part a sample cannot be told apart by samples.
    if (at !== numbers.length) return false;
  }
  return true;
}
