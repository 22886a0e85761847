import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { GridExtent } from './collect-numbers.ts';
import { type BadOutput, badOutput, type NumberTensor } from './read-tensor.ts';

/** Numbers for other models: one row a sample of the series, in their order. */
export type Features = { readonly dims: readonly number[]; readonly values: Float32Array };

/** Takes the features of each batch. */
export type FeatureCollector = {
  readonly take: (samples: readonly GridExtent[], tensor: NumberTensor) => Result<void, BadOutput>;
  readonly finish: () => Features;
};

/** 256 MiB as float32. */
const MOST_NUMBERS = 2 ** 26;

/** Collects features; every batch has rows of the same shape. A batch of one sample may leave its axis out. */
export function collectFeatures({ tensor: name }: Extract<ModelOutput, { role: 'features' }>): FeatureCollector {
  const parts: Float32Array[] = [];
  let shape: readonly number[] | null = null;
  let [samplesTaken, numbers] = [0, 0];
  return {
    take(samples, { dims, data }) {
      const isBatch = dims[0] === samples.length;
      if (!isBatch && samples.length > 1) return badOutput(name, 'shape');
      const row = isBatch ? dims.slice(1) : dims;
      if (shape !== null && JSON.stringify(shape) !== JSON.stringify(row)) return badOutput(name, 'shape');
      shape = row;
      numbers += data.length;
      if (numbers > MOST_NUMBERS) return badOutput(name, 'shape');
      samplesTaken += samples.length;
      parts.push(Float32Array.from(data));
      return ok(undefined);
    },
    finish() {
      const values = new Float32Array(numbers);
      let at = 0;
      for (const part of parts) {
        values.set(part, at);
        at += part.length;
      }
      return { dims: [samplesTaken, ...(shape ?? [])], values };
    },
  };
}
