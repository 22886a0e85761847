import type { QuantisedTensor } from '../../../../shared/domain/model-manifest.ts';
import type { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { FedNumbers } from './fed-answers.ts';
import { layOut, standBehind } from './lay-out.ts';
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
  /** The samples of other series that go with these, by the ids of the manifest. */
  readonly others?: ReadonlyMap<string, readonly ModelSample[]>;
  readonly fed?: ReadonlyMap<string, FedNumbers>;
  /** How many samples of the series came before these. */
  readonly firstSample?: number;
};

/** Gives each input of a manifest its tensor for one batch of samples of one size, by role; at least one sample. */
export function feedInputs(
  inputs: readonly ModelInput[],
  samples: readonly ModelSample[],
  source: FeedSource,
  quantised: readonly QuantisedTensor[] = [],
): Result<Readonly<Record<string, TensorData>>, FeedFailure> {
  const feeds: Record<string, TensorData> = {};
  for (const input of inputs) {
    const how = quantised.find(({ tensor: name }) => name === input.tensor);
    const make: Make = (type, dims, values) =>
      makeTensor(type, dims, how === undefined ? values : quantise(values, how));
    const tensor = feedInput(input, samples, source, make);
    if (!tensor.ok) return tensor;
    feeds[input.tensor] = tensor.value;
  }
  return ok(feeds);
}

type Make = (type: TensorData['type'], dims: readonly number[], values: ArrayLike<number>) => TensorData;

/** The integers that stand for numbers, not rounded yet. */
function quantise(values: ArrayLike<number>, { scale, zeroPoint }: QuantisedTensor): Float64Array {
  return Float64Array.from(values, (value) => value / scale + zeroPoint);
}

function feedInput(
  input: ModelInput,
  samples: readonly ModelSample[],
  source: FeedSource,
  make: Make,
): Result<TensorData, FeedFailure> {
  const { grid, facts, others } = source;
  const missing = err({ code: 'scalar-missing' } as const);
  switch (input.role) {
    case 'image': {
      const first = input.series === undefined ? samples : (others?.get(input.series) ?? []);
      const all = [first, ...(input.followedBy ?? []).map((id) => others?.get(id) ?? [])];
      const of = all.every(({ length }) => length === samples.length) ? standBehind(all) : null;
      const laid = of === null ? null : layOut(of, input.layout, input.channels ?? null);
      return laid === null ? err({ code: 'input-mismatch' }) : ok(make(input.type, laid.dims, laid.values));
    }
    case 'fed':
      return feedAnswer(input, samples.length, source, make);
    case 'spacing': {
      const [slices, rows, columns] = grid.spacingMm;
      if (slices === null || rows === null || columns === null) return missing;
      const order = input.order === 'slices-first' ? [slices, rows, columns] : [columns, rows, slices];
      return ok(make(input.type, [3], Float64Array.from(order)));
    }
    case 'slice-extents':
      if (grid.extentsMm === null) return missing;
      return ok(make(input.type, [grid.extentsMm.length], Float64Array.from(grid.extentsMm)));
    case 'scalar': {
      const values = samples.map((sample) => scalarOf(input, grid, facts, sample));
      const known = values.filter((value) => value !== null);
      if (known.length < values.length) return missing;
      const [batch, ...rest] = input.dims;
      const dims = batch === undefined ? [] : [samples.length, ...rest];
      return ok(make(input.type, dims, batch === undefined ? known.slice(0, 1) : known));
    }
    case 'vector': {
      const count = input.values.length;
      const values = samples.flatMap((sample) => input.values.map((one) => scalarOf(one, grid, facts, sample)));
      const known = values.filter((value) => value !== null);
      if (known.length < values.length) return missing;
      if (!input.batchAxis) return ok(make(input.type, [count], known.slice(0, count)));
      return ok(make(input.type, [samples.length, count], known));
    }
    case 'constant':
      return ok(make(input.type, input.dims, Float64Array.from(input.values)));
  }
}

/** What another model said, as the input takes it. */
function feedAnswer(
  { type, feed, what }: Extract<ModelInput, { role: 'fed' }>,
  samples: number,
  { fed, firstSample = 0 }: FeedSource,
  make: Make,
): Result<TensorData, FeedFailure> {
  const answer = fed?.get(feed);
  if (what.from === 'scores') {
    const scores = what.labels.map((label) => {
      return answer?.scores.find((one) => one.label === label)?.score ?? what.whenMissing;
    });
    const known = scores.filter((score) => score !== null);
    if (known.length < scores.length) return err({ code: 'scalar-missing' });
    return ok(make(type, [1, known.length], known));
  }
  const features = answer?.features.get(what.tensor);
  if (features === undefined) return err({ code: 'input-mismatch' });
  const { dims, values } = features;
  if (what.as !== 'rows') return ok(make(type, what.as === 'all' ? dims : [1, ...dims], values));
  const [rows = 0, ...rest] = dims;
  if (firstSample + samples > rows) return err({ code: 'input-mismatch' });
  const size = values.length / rows;
  return ok(make(type, [samples, ...rest], values.subarray(firstSample * size, (firstSample + samples) * size)));
}

function scalarOf(input: OneScalar, grid: FeedSource['grid'], facts: SourceFacts, sample: ModelSample): number | null {
  const value = knownScalar(input, grid, facts, sample);
  return value === null ? input.whenMissing : value * input.multiply + input.add;
}

function knownScalar(
  { of, codes }: OneScalar,
  { shape, spacingMm }: FeedSource['grid'],
  facts: SourceFacts,
  { origin }: ModelSample,
): number | null {
  switch (of) {
    case 'age-years':
      return facts.ageYears;
    case 'sex':
      return coded(facts.sex, codes);
    case 'laterality':
      return coded(facts.laterality, codes);
    case 'view-position':
      return coded(facts.viewPosition, codes);
    case 'manufacturer':
      return coded(facts.manufacturer, codes);
    case 'weight-kg':
      return facts.weightKg;
    case 'height-m':
      return facts.heightM;
    case 'slice-thickness-mm':
      return facts.sliceThicknessMm;
    case 'tube-voltage-kv':
      return facts.tubeVoltageKv;
    case 'echo-time-ms':
      return facts.echoTimeMs;
    case 'repetition-time-ms':
      return facts.repetitionTimeMs;
    case 'field-strength-t':
      return facts.fieldStrengthT;
    case 'frame-time-ms':
      return facts.frameTimeMs;
    case 'slices':
      return shape[0];
    case 'rows':
      return shape[1];
    case 'columns':
      return shape[2];
    case 'slice-index':
      return origin[0];
    case 'slice-share':
      return shape[0] === 1 ? 0 : origin[0] / (shape[0] - 1);
    case 'spacing-slices-mm':
      return spacingMm[0];
    case 'spacing-rows-mm':
      return spacingMm[1];
    case 'spacing-columns-mm':
      return spacingMm[2];
  }
}

function coded(value: string | null, codes: OneScalar['codes']): number | null {
  return value === null || codes === undefined || !Object.hasOwn(codes, value) ? null : (codes[value] ?? null);
}
