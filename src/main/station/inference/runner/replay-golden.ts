import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { GoldenCase, ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../../shared/domain/package-fault.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import { type ModelPackage, readOrNull } from './model-package.ts';
import { allocateTensor, ComputeFault, makeTensor, numbersOf, type TensorData } from './session.ts';

/** How one golden case came out: the largest deviation counts in tolerances, so that 1 is the limit. */
export type GoldenOutcome = {
  readonly name: string;
  readonly passed: boolean;
  readonly largestDeviation: number;
  /** One for each number that is off. */
  readonly faults: readonly PackageFault[];
};

/** What a golden case is held against, of one tensor. */
export type TensorFacts = { readonly mean: number; readonly min: number; readonly max: number };

type Expectation = GoldenCase['expected'][string];

/** Runs every golden case of a package on its provider; a case that cannot be read or run does not pass and says why. */
export async function replayGoldenCases(model: ModelPackage): Promise<readonly GoldenOutcome[]> {
  const outcomes: GoldenOutcome[] = [];
  for (const [index, golden] of model.manifest.goldenCases.entries()) {
    const { name } = golden;
    const field = `goldenCases.${index}`;
    const given = await computeGolden(model, golden, field);
    if (!given.ok) {
      outcomes.push({ name, passed: false, largestDeviation: Number.MAX_VALUE, faults: given.error.faults });
      continue;
    }
    const compared = Object.entries(golden.expected).flatMap(([tensor, expected]) =>
      compareTensor(model.manifest, `${field}.expected.${tensor}`, expected, given.value.get(tensor)),
    );
    const largestDeviation = Math.max(...compared.map(({ deviation }) => deviation));
    const faults = compared.flatMap(({ deviation, fault }) => (deviation > 1 ? [fault] : []));
    outcomes.push({ name, passed: faults.length === 0, largestDeviation, faults });
  }
  return outcomes;
}

/** What the model makes of a golden case's inputs, by tensor. */
export async function computeGolden(
  model: Pick<ModelPackage, 'session' | 'directory'> & { readonly manifest: Pick<ModelManifest, 'inputs'> },
  golden: Pick<GoldenCase, 'inputs'>,
  field: string,
): Promise<Result<ReadonlyMap<string, TensorData>, PackageRefusal>> {
  const feeds: Record<string, TensorData> = {};
  for (const input of model.manifest.inputs) {
    const stored = golden.inputs[input.tensor];
    if (stored === undefined) throw new Error('a manifest was taken whose golden cases lack an input');
    const { file, stored: type, dims } = stored;
    const values = await readStored(path.join(model.directory, file), type, dims);
    if (values === null) {
      const expected = `gzip of ${dims.reduce((product, size) => product * size, 1)} numbers of ${type}`;
      return refusePackage([
        packageFault('golden-unreadable', `${field}.inputs.${input.tensor}`, { value: file, expected }),
      ]);
    }
    feeds[input.tensor] = makeTensor(input.type, dims, numbersOf(values));
  }
  try {
    return ok(await model.session.run(feeds));
  } catch (error) {
    const why = error instanceof ComputeFault ? error.refusal.code : null;
    if (why === 'remote-unreachable' || why === 'remote-refused')
      return refusePackage([packageFault(why, field, { expected: 'an answer of the server' })]);
    // The native library's words: it has seen golden numbers alone.
    const expected = `inputs that the model takes (${error instanceof Error ? error.message : 'refused'})`;
    return refusePackage([packageFault('golden-failed', field, { expected })]);
  }
}

/** Mean, least and greatest of a tensor's numbers; NaN of one that holds any, or none. */
export function tensorFacts(tensor: TensorData): TensorFacts {
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const numbers = numbersOf(tensor);
  if (numbers.length === 0) return { mean: Number.NaN, min: Number.NaN, max: Number.NaN };
  for (const value of numbers) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { mean: sum / numbers.length, min, max };
}

/** How many of a tensor's numbers are above one. */
export function countAbove(tensor: TensorData, threshold: number): number {
  let count = 0;
  for (const value of numbersOf(tensor)) if (value > threshold) count += 1;
  return count;
}

type Compared = { readonly deviation: number; readonly fault: PackageFault };

function compareTensor(
  manifest: ModelManifest,
  field: string,
  expected: Expectation,
  tensor: TensorData | undefined,
): readonly Compared[] {
  if (tensor === undefined) {
    const fault = packageFault('golden-failed', field, { expected: 'a tensor that the model gives' });
    return [{ deviation: Number.MAX_VALUE, fault }];
  }
  const facts = tensorFacts(tensor);
  const numbers = numbersOf(tensor);
  const pairs: readonly (readonly [string, number | undefined, number | undefined])[] = [
    ['mean', expected.mean, facts.mean],
    ['min', expected.min, facts.min],
    ['max', expected.max, facts.max],
    ['above.count', expected.above?.count, expected.above && countAbove(tensor, expected.above.threshold)],
    ...(expected.values ?? []).map((value, at) => [`values.${at}`, value, numbers[at]] as const),
  ];
  return pairs.flatMap(([name, promised, given]) =>
    promised === undefined ? [] : [compare(manifest, `${field}.${name}`, promised, given)],
  );
}

function compare(manifest: ModelManifest, field: string, promised: number, given: number | undefined): Compared {
  const { absolute, relative } = manifest.replayTolerance;
  const allowed = Math.max(absolute, relative * Math.abs(promised));
  const off = given === undefined ? Number.NaN : Math.abs(given - promised);
  const ratio = off === 0 ? 0 : off / Math.max(allowed, Number.MIN_VALUE);
  const deviation = Number.isNaN(ratio) ? Number.MAX_VALUE : Math.min(ratio, Number.MAX_VALUE);
  const expected = `${given ?? 'no such number'}, as computed here (within ${allowed})`;
  return { deviation, fault: packageFault('golden-differs', field, { value: promised, expected }) };
}

/** Numbers that cannot be packed at all become this much longer (RFC 1951 §3.2.4), a name and comment of the writer's included. */
function mostPacked(bytes: number): number {
  return bytes + Math.ceil(bytes / 1000) + 65_536;
}

async function readStored(file: string, type: TensorData['type'], dims: readonly number[]): Promise<TensorData | null> {
  const data = allocateTensor(
    type,
    dims.reduce((product, size) => product * size, 1),
  );
  const packed = await readOrNull(file, mostPacked(data.byteLength));
  if (packed === null) return null;
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: Math.max(1, data.byteLength) });
    if (bytes.length !== data.byteLength) return null;
    // Every machine that this runs on is little-endian, as the file is.
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
    return { type, dims, data };
  } catch {
    return null; // not gzip, or longer than the manifest says
  }
}
