import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { Activation, Aggregation, Calibration } from '../../../../shared/domain/model-scores.ts';
import { activate, calibrateOne, toProbabilities } from './activate.ts';
import type { ModelSample } from './prepared-grid.ts';
import { type BadOutput, badOutput, type NumberTensor } from './read-tensor.ts';

type ClassesOutput = Extract<ModelOutput, { role: 'classes' }>;
type NumberOutput = Extract<ModelOutput, { role: 'number' }>;

/** A piece of a grid: what a sample, or one slice of it, covers, and which of the series' stacks the grid is of. */
export type GridExtent = Pick<ModelSample, 'origin' | 'size'> & { readonly stack: number };

/** One number of the study, and what each place said that it was made of. */
export type JoinedNumber = {
  readonly label: string;
  readonly value: number;
  /** In the order the samples came. */
  readonly scores: Float64Array;
  readonly places: readonly GridExtent[];
};

/** Takes what a model says of each batch; the numbers are the study's once it has seen all. */
export type NumberCollector = {
  readonly take: (samples: readonly GridExtent[], tensor: NumberTensor) => Result<void, BadOutput>;
  readonly finish: () => readonly JoinedNumber[];
};

/** How far beyond 0 and 1 a probability may be for the rounding of the model's own arithmetic. */
const ROUNDING = 1e-5;

/**
 * Collects the probabilities of an output, of each sample or of each of its slices. Classes that stand for one label count
 * together: their sum where they exclude each other, else the highest.
 */
export function collectClasses(output: ClassesOutput): NumberCollector {
  const { classes, activation, calibration, labelCalibrations, groupOf = classes.length } = output;
  const labels = [...new Set(classes.filter((label) => label !== null))];
  const kept = labels.map((label) => ({ label, scores: [] as number[] }));
  const places: GridExtent[] = [];
  const isProbability = activation === 'none' && calibration?.kind !== 'isotonic';
  const groups = Array.from({ length: Math.ceil(classes.length / groupOf) }, (_, group) => group * groupOf);
  const raw = new Float64Array(classes.length);
  return {
    take(samples, tensor) {
      const taken = placesOf(samples, output.per === 'slice', classes.length, tensor);
      if (taken === null) return badOutput(output.tensor, 'shape');
      for (const [at, place] of taken.entries()) {
        for (let index = 0; index < raw.length; index += 1) {
          raw[index] = tensor.data[at * raw.length + index] as number;
          const own = labelCalibrations[classes[index] ?? ''];
          if (isProbability && own?.kind !== 'isotonic' && !isShare(raw[index] as number))
            return badOutput(output.tensor, 'out-of-range');
        }
        const given = Float64Array.from(raw);
        for (const first of groups) toProbabilities(raw.subarray(first, first + groupOf), activation, calibration);
        for (const [index, label] of classes.entries()) {
          const own = labelCalibrations[label ?? ''];
          if (own !== undefined) raw[index] = calibratedAlone(index, own, { given, activation, groupOf });
        }
        if (!raw.every(isShare)) return badOutput(output.tensor, 'out-of-range');
        for (const { label, scores } of kept) {
          let score = 0;
          for (const [index, of] of classes.entries()) {
            if (of !== label) continue;
            const one = raw[index] as number;
            score = activation === 'softmax' ? score + one : Math.max(score, one);
          }
          scores.push(Math.min(1, Math.max(0, score)));
        }
        places.push(place);
      }
      return ok(undefined);
    },
    finish: () =>
      kept.map(({ label, scores }) => {
        return { label, value: aggregate(scores, output.aggregate), scores: Float64Array.from(scores), places };
      }),
  };
}

/** One class by a calibration of its own: of a softmax what it came to, otherwise the raw score. */
function calibratedAlone(
  index: number,
  calibration: Calibration,
  { given, activation, groupOf }: { given: Float64Array; activation: Activation; groupOf: number },
): number {
  if (activation !== 'softmax')
    return toProbabilities(given.slice(index, index + 1), activation, calibration)[0] as number;
  const first = Math.floor(index / groupOf) * groupOf;
  const group = activate(given.slice(first, first + groupOf), 'softmax');
  return calibrateOne(group[index - first] as number, calibration);
}

/** Collects one number of each sample, in the unit the manifest gives it. */
export function collectNumber(output: NumberOutput): NumberCollector {
  const { reading } = output;
  const read = reading.how === 'value' ? 1 : reading.how === 'ordinal' ? reading.steps : reading.values.length;
  const scores: number[] = [];
  const places: GridExtent[] = [];
  return {
    take(samples, tensor) {
      const each = tensor.data.length / samples.length;
      if (!Number.isInteger(each) || output.index + read > each || !isBatch(tensor.dims, samples.length))
        return badOutput(output.tensor, 'shape');
      for (const [at, sample] of samples.entries()) {
        const first = at * each + output.index;
        const told = readNumber(output.reading, Float64Array.from(tensor.data.subarray(first, first + read)));
        if (told === null) return badOutput(output.tensor, 'out-of-range');
        const value = told * output.multiply + output.add;
        if (!Number.isFinite(value) || value < output.range.min || value > output.range.max)
          return badOutput(output.tensor, 'out-of-range');
        scores.push(value);
        places.push(sample);
      }
      return ok(undefined);
    },
    finish: () => [
      { label: output.label, value: aggregate(scores, output.aggregate), scores: Float64Array.from(scores), places },
    ],
  };
}

/** How far from 1 the shares of a distribution may add up, for the precision of the model's own arithmetic. */
const WHOLE_WITHIN = 0.01;

/** The number that a sample's numbers stand for; null where they are no distribution, or no grades. */
function readNumber(reading: NumberOutput['reading'], raw: Float64Array): number | null {
  if (reading.how === 'value') return raw[0] as number;
  const shares = activate(raw, reading.activation);
  if (!shares.every(isShare)) return null;
  const sum = shares.reduce((total, share) => total + share, 0);
  if (reading.how === 'ordinal') return sum;
  if (Math.abs(sum - 1) > WHOLE_WITHIN) return null;
  if (reading.how === 'expectation')
    return reading.values.reduce((total, value, at) => total + value * (shares[at] as number), 0) / sum;
  return reading.values[shares.indexOf(Math.max(...shares))] as number;
}

/** What several samples make of one number; of none, 0. Any of them reaches a threshold where the highest does. */
export function aggregate(scores: ArrayLike<number>, { how, ...of }: Aggregation): number {
  const all = Float64Array.from(scores);
  if (all.length === 0) return 0;
  const highest = all.reduce((best, score) => Math.max(best, score), Number.NEGATIVE_INFINITY);
  const mean = (of: Float64Array) => of.reduce((sum, score) => sum + score, 0) / of.length;
  switch (how) {
    case 'max':
    case 'any':
      return highest;
    case 'mean':
      return mean(all);
    case 'min':
      return all.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
    case 'median': {
      const sorted = all.toSorted();
      const middle = (sorted.length - 1) / 2;
      return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
    }
    case 'top-mean': {
      const share = 'share' in of ? of.share : 1;
      return mean(all.toSorted((a, b) => b - a).subarray(0, Math.max(1, Math.round(share * all.length))));
    }
  }
}

/** What each score is of: the samples of a batch, or every slice of each; null where the tensor has another shape. */
function placesOf(
  samples: readonly GridExtent[],
  isPerSlice: boolean,
  classes: number,
  { dims, data }: NumberTensor,
): readonly GridExtent[] | null {
  const slices = isPerSlice ? (samples[0]?.size[0] ?? 1) : 1;
  const expected = [samples.length, slices, classes].filter((size) => size !== 1);
  const given = dims.filter((size) => size !== 1);
  if (data.length !== samples.length * slices * classes || !given.every((size, axis) => size === expected[axis]))
    return null;
  if (!isPerSlice) return samples;
  return samples.flatMap(({ origin, size, stack }) =>
    Array.from({ length: slices }, (_, slice): GridExtent => {
      return { origin: [origin[0] + slice, origin[1], origin[2]], size: [1, size[1], size[2]], stack };
    }),
  );
}

/** Whether the first axis counts the samples; of one sample it may be left out. */
function isBatch(dims: readonly number[], samples: number): boolean {
  return samples === 1 || dims[0] === samples;
}

function isShare(value: number): boolean {
  return value >= -ROUNDING && value <= 1 + ROUNDING;
}
