import { GRID_AXES, type Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import type { QuantisedTensor } from '../../../../shared/domain/model-manifest.ts';
import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { feedInputs, type FeedSource } from './feed-inputs.ts';
import type { ModelPackage } from './model-package.ts';
import type { ModelSample } from './prepared-grid.ts';
import { type GivenTensor, numbersOf, stridesOf } from './read-tensor.ts';
import type { RunRefused } from './run-frames.ts';
import { ComputeFault, type TensorData } from './session.ts';
import type { Lap } from './stage-timer.ts';

type Tensors = ReadonlyMap<string, GivenTensor>;
type Mirror = Preprocessing['mirrors'][number];

/**
 * What a model says of one batch of samples, at least one: given as many as it takes, once more for each mirror, what was quantised
 * as the numbers it stands for, and of the samples alone. Mirrored answers are turned back and averaged, each weighing alike.
 */
export async function computeBatch(
  { manifest, session }: Pick<ModelPackage, 'manifest' | 'session'>,
  samples: readonly ModelSample[],
  source: FeedSource,
  { lap, signal }: { readonly lap: Lap; readonly signal: AbortSignal },
): Promise<Result<Tensors, RunRefused>> {
  const { inputs, outputs, preprocessing, quantised } = manifest;
  const { sampling, mirrors } = preprocessing;
  const fill = (some: readonly ModelSample[]) =>
    'batchIs' in sampling && sampling.batchIs === 'exactly' ? filled(some, sampling.batch) : some;
  const given = fill(samples);
  const others = [...(source.others ?? [])].map(([id, some]) => [id, fill(some)] as const);
  let sum: Tensors | null = null;
  for (const mirror of [[], ...mirrors]) {
    const turn = (some: readonly ModelSample[]) =>
      mirror.length === 0 ? some : some.map((sample) => turnSample(sample, mirror));
    const turned = new Map(others.map(([id, some]) => [id, turn(some)]));
    const feeds = feedInputs(inputs, turn(given), { ...source, others: turned }, quantised);
    lap('preprocessMs');
    if (!feeds.ok) return feeds;
    const said = await compute(session, feeds.value, signal);
    lap('inferMs');
    if (!said.ok) return said;
    const plain = trimmed(dequantised(said.value, quantised), samples.length, given.length);
    const back = mirror.length === 0 ? plain : turnedBack(plain, mirror, outputs);
    sum = sum === null ? back : added(sum, back);
  }
  if (sum === null) throw new Error('a batch that was not computed');
  return ok(mirrors.length === 0 ? sum : scaled(sum, 1 / (mirrors.length + 1)));
}

async function compute(
  session: Pick<ModelPackage['session'], 'run'>,
  feeds: Readonly<Record<string, TensorData>>,
  signal: AbortSignal,
): Promise<Result<ReadonlyMap<string, TensorData>, RunRefused>> {
  try {
    return ok(await session.run(feeds, signal));
  } catch (error) {
    // The native library's text may name anything; the code is enough.
    return err(error instanceof ComputeFault ? error.refusal : { code: 'model-failed' });
  }
}

function filled(samples: readonly ModelSample[], count: number): readonly ModelSample[] {
  const last = samples.at(-1) as ModelSample;
  return [...samples, ...Array.from({ length: Math.max(0, count - samples.length) }, () => last)];
}

/** Numbers that integers stand for: (q − zero point) · scale. */
function dequantised(tensors: Tensors, quantised: readonly QuantisedTensor[]): Tensors {
  if (quantised.length === 0) return tensors;
  return mapped(tensors, (tensor, name) => {
    const how = quantised.find((one) => one.tensor === name);
    const data = how === undefined ? null : numbersOf(tensor.data);
    if (how === undefined || data === null) return tensor;
    return { dims: tensor.dims, data: Float64Array.from(data, (value) => (value - how.zeroPoint) * how.scale) };
  });
}

/** Without what was said of the copies that filled the batch, where a tensor has it as its first axis. */
function trimmed(tensors: Tensors, samples: number, given: number): Tensors {
  if (samples === given) return tensors;
  return mapped(tensors, (tensor) => {
    const [batch, ...rest] = tensor.dims;
    const data = numbersOf(tensor.data);
    if (batch !== given || data === null) return tensor;
    return { dims: [samples, ...rest], data: data.subarray(0, (data.length / given) * samples) };
  });
}

function turnSample(sample: ModelSample, mirror: Mirror): ModelSample {
  const [, rows, columns] = sample.size;
  const dims = [sample.channels, sample.depth, rows, columns];
  const values = flipAxes(sample.values, dims, [false, ...GRID_AXES.map((axis) => mirror.includes(axis))]);
  return { ...sample, values };
}

/** What is said of cells goes back to where they were; what is said of a sample stays. */
function turnedBack(tensors: Tensors, mirror: Mirror, outputs: readonly ModelOutput[]): Tensors {
  const letters = GRID_AXES.flatMap((axis, index) => (mirror.includes(axis) ? ['DHW'[index] as string] : []));
  return mapped(tensors, (tensor, name) => {
    const output = outputs.find((one) => one.tensor === name);
    const data = numbersOf(tensor.data);
    if (output === undefined || data === null) return tensor;
    const layout =
      'where' in output && output.where.from === 'heatmap'
        ? output.where.layout
        : 'layout' in output
          ? output.layout
          : null;
    if (layout !== null) {
      if (stridesOf(layout, tensor.dims) === null) return tensor;
      return {
        dims: tensor.dims,
        data: flipAxes(
          data,
          tensor.dims,
          layout.split('').map((axis) => letters.includes(axis)),
        ),
      };
    }
    const isPerSlice = output.role === 'classes' && output.per === 'slice' && letters.includes('D');
    if (!isPerSlice) return tensor;
    // [slices, classes], whatever axes of length 1 stand around them.
    const slices = data.length / output.classes.length;
    return { dims: tensor.dims, data: flipAxes(data, [slices, output.classes.length], [true, false]) };
  });
}

/** The same numbers with some axes turned over. */
function flipAxes(values: ArrayLike<number>, dims: readonly number[], flipped: readonly boolean[]): Float32Array {
  const out = new Float32Array(values.length);
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
  for (let at = 0; at < out.length; at += 1) {
    let from = 0;
    for (const [axis, size] of dims.entries()) {
      const index = Math.floor(at / (strides[axis] as number)) % size;
      from += (flipped[axis] ? size - 1 - index : index) * (strides[axis] as number);
    }
    out[at] = values[from] as number;
  }
  return out;
}

/** A tensor that is missing or has another shape in one of the answers is as the last one has it: its reader refuses it. */
function added(one: Tensors, other: Tensors): Tensors {
  return mapped(other, (tensor, name) => {
    const [a, b] = [numbersOf(one.get(name)?.data), numbersOf(tensor.data)];
    if (a === null || b === null || a.length !== b.length) return { ...tensor, dims: [] };
    return { dims: tensor.dims, data: Float64Array.from(a, (value, at) => value + (b[at] as number)) };
  });
}

function scaled(tensors: Tensors, by: number): Tensors {
  return mapped(tensors, (tensor) => {
    const data = numbersOf(tensor.data);
    return data === null ? tensor : { dims: tensor.dims, data: Float64Array.from(data, (value) => value * by) };
  });
}

function mapped(tensors: Tensors, change: (tensor: GivenTensor, name: string) => GivenTensor): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [name, change(tensor, name)]));
}
