import type { ModelInput } from '../../../../shared/domain/model-tensors.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { layOut } from './lay-out.ts';
import type { ModelSample, PreparedGrid } from './prepared-grid.ts';
import { makeTensor, type TensorData } from './session.ts';
import type { SourceFacts } from './source-facts.ts';

/** `scalar-missing`: a number the model needs is nowhere. `input-mismatch`: the samples have an axis that the layout leaves out. */
export type FeedFailure = { readonly code: 'scalar-missing' | 'input-mismatch' };

type OneScalar = Pick<Extract<ModelInput, { role: 'scalar' }>, 'of' | 'multiply' | 'add' | 'codes' | 'whenMissing'>;
/** What inputs other than the image are filled from. */
export type FeedSource = {
  readonly grid: Pick<PreparedGrid, 'shape' | 'spacingMm' | 'extentsMm'>;
  readonly facts: SourceFacts;
};

/** Gives each input of a manifest its tensor for one batch of samples of one size, by role; at least one sample. */
export function feedInputs(
  inputs: readonly ModelInput[],
  samples: readonly ModelSample[],
  source: FeedSource,
): Result<Readonly<Record<string, TensorData>>, FeedFailure> {
  const feeds: Record<string, TensorData> = {};
  for (const input of inputs) {
    const tensor = feedInput(input, samples, source);
    if (!tensor.ok) return tensor;
    feeds[input.tensor] = tensor.value;
  }
  return ok(feeds);
}

function feedInput(
  input: ModelInput,
  samples: readonly ModelSample[],
  { grid, facts }: FeedSource,
): Result<TensorData, FeedFailure> {
  const missing = err({ code: 'scalar-missing' } as const);
  switch (input.role) {
    case 'image': {
      const laid = layOut(samples, input.layout, input.channels ?? null);
      return laid === null ? err({ code: 'input-mismatch' }) : ok(makeTensor(input.type, laid.dims, laid.values));
    }
    case 'spacing': {
      const [slices, rows, columns] = grid.spacingMm;
      if (slices === null || rows === null || columns === null) return missing;
      const order = input.order === 'slices-first' ? [slices, rows, columns] : [columns, rows, slices];
      return ok(makeTensor(input.type, [3], Float64Array.from(order)));
    }
    case 'slice-extents':
      if (grid.extentsMm === null) return missing;
      return ok(makeTensor(input.type, [grid.extentsMm.length], Float64Array.from(grid.extentsMm)));
    case 'scalar': {
      const value = scalarOf(input, grid, facts);
      if (value === null) return missing;
      const [batch, ...rest] = input.dims;
      const count = batch === undefined ? 1 : samples.length;
      const dims = batch === undefined ? [] : [count, ...rest];
      return ok(makeTensor(input.type, dims, new Float64Array(count).fill(value)));
    }
    case 'vector': {
      const values = input.values.map((one) => scalarOf(one, grid, facts));
      const known = values.filter((value) => value !== null);
      if (known.length < values.length) return missing;
      if (!input.batchAxis) return ok(makeTensor(input.type, [known.length], known));
      return ok(
        makeTensor(
          input.type,
          [samples.length, known.length],
          samples.flatMap(() => known),
        ),
      );
    }
    case 'constant':
      return ok(makeTensor(input.type, input.dims, Float64Array.from(input.values)));
  }
}

function scalarOf(input: OneScalar, grid: FeedSource['grid'], facts: SourceFacts): number | null {
  const value = knownScalar(input, grid, facts);
  return value === null ? input.whenMissing : value * input.multiply + input.add;
}

function knownScalar({ of, codes }: OneScalar, grid: FeedSource['grid'], facts: SourceFacts): number | null {
  switch (of) {
    case 'age-years':
      return facts.ageYears;
    case 'sex':
      return facts.sex === null ? null : (codes?.[facts.sex] ?? null);
    case 'weight-kg':
      return facts.weightKg;
    case 'slice-thickness-mm':
      return facts.sliceThicknessMm;
    case 'tube-voltage-kv':
      return facts.tubeVoltageKv;
    case 'slices':
      return grid.shape[0];
    case 'spacing-slices-mm':
      return grid.spacingMm[0];
    case 'spacing-rows-mm':
      return grid.spacingMm[1];
    case 'spacing-columns-mm':
      return grid.spacingMm[2];
  }
}
