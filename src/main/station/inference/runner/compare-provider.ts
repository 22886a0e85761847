import type { PackageRefusal } from '../../../../shared/domain/package-fault.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { ComputedOn, ProviderComparison, TensorDifference } from '../runner-protocol.ts';
import { type ModelPackage, openModelPackage, type PackageSetting } from './model-package.ts';
import { computeGolden, replayGoldenCases } from './replay-golden.ts';
import { numbersOf, type TensorData } from './session.ts';

/** What a provider made of a package's golden cases beside another one: the message without its request. */
export type Comparison = Pick<ProviderComparison, 'device' | 'loadMs' | 'againstLoadMs' | 'cases'>;

/** Computes every golden case of a package on two providers, each `runs` times, and says how far and how fast they are apart. */
export async function compareProvider(
  directory: string,
  setting: PackageSetting,
  against: PackageSetting,
  runs: number,
): Promise<Result<Comparison, PackageRefusal>> {
  const is = await openInTime(directory, setting);
  if (!is.ok) return is;
  const was = await openInTime(directory, against);
  if (!was.ok) {
    await is.value.model.session.close();
    return was;
  }
  try {
    return await compareOpened(is.value, was.value, runs);
  } finally {
    for (const { model } of [is.value, was.value]) await model.session.close();
  }
}

type Opened = { readonly model: ModelPackage; readonly loadMs: number };

async function openInTime(directory: string, setting: PackageSetting): Promise<Result<Opened, PackageRefusal>> {
  const since = performance.now();
  const opened = await openModelPackage(directory, setting);
  return opened.ok ? ok({ model: opened.value, loadMs: performance.now() - since }) : opened;
}

async function compareOpened(is: Opened, was: Opened, runs: number): Promise<Result<Comparison, PackageRefusal>> {
  const { manifest } = is.model;
  const cases: ProviderComparison['cases'] = [];
  // Computed as they are judged, before anything is warm: what the first one takes beside the later ones is the provider's.
  const firstMs: number[] = [];
  const session: ModelPackage['session'] = {
    ...is.model.session,
    async run(feeds, signal) {
      const since = performance.now();
      const given = await is.model.session.run(feeds, signal);
      firstMs.push(performance.now() - since);
      return given;
    },
  };
  const outcomes = await replayGoldenCases({ ...is.model, session });
  for (const [index, golden] of manifest.goldenCases.entries()) {
    const field = `goldenCases.${index}`;
    const mine = await repeat(() => computeGolden(is.model, golden, field), runs);
    if (!mine.ok) return mine;
    const other = await repeat(() => computeGolden(was.model, golden, field), runs);
    if (!other.ok) return other;
    const { passed = false, largestDeviation = Number.MAX_VALUE } = outcomes[index] ?? {};
    cases.push({
      ...{ name: golden.name, passed, largestDeviation, firstMs: firstMs[index] ?? 0 },
      ...{ warmMs: mine.value.medianMs, againstMs: other.value.medianMs },
      tensors: Object.keys(golden.expected).flatMap((name) => {
        const [a, b] = [mine.value.given.get(name), other.value.given.get(name)];
        return a === undefined || b === undefined ? [] : [differenceOf(name, a, b, manifest.replayTolerance)];
      }),
    });
  }
  const device: ComputedOn = await is.model.session.identify();
  return ok({ device, loadMs: is.loadMs, againstLoadMs: was.loadMs, cases });
}

type Repeated = { readonly given: ReadonlyMap<string, TensorData>; readonly medianMs: number };

async function repeat(
  compute: () => ReturnType<typeof computeGolden>,
  times: number,
): Promise<Result<Repeated, PackageRefusal>> {
  const tookMs: number[] = [];
  let given = await compute(); // not counted: it reads the case and warms what is cold
  for (let time = 0; time < times && given.ok; time += 1) {
    const since = performance.now();
    given = await compute();
    tookMs.push(performance.now() - since);
  }
  if (!given.ok) return given;
  return ok({ given: given.value, medianMs: tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length / 2)] ?? 0 });
}

/** How far apart two tensors are; a number that one of them has not is as far as can be. */
function differenceOf(
  tensor: string,
  is: TensorData,
  was: TensorData,
  { absolute, relative }: ModelPackage['manifest']['replayTolerance'],
): TensorDifference {
  const [a, b] = [numbersOf(is), numbersOf(was)];
  let [largest, sum, inTolerances] = [a.length === b.length ? 0 : Number.MAX_VALUE, 0, 0];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const [one = 0, other = 0] = [a[at], b[at]];
    const off = one === other || (Number.isNaN(one) && Number.isNaN(other)) ? 0 : Math.abs(one - other);
    const apart = Number.isNaN(off) ? Number.MAX_VALUE : off;
    largest = Math.max(largest, apart);
    sum += Math.min(apart, Number.MAX_VALUE / b.length);
    const allowed = Math.max(absolute, relative * Math.abs(other), Number.MIN_VALUE);
    if (apart > 0) inTolerances = Math.max(inTolerances, Math.min(apart / allowed, Number.MAX_VALUE));
  }
  return { tensor, numbers: b.length, largest, mean: b.length === 0 ? 0 : sum / b.length, inTolerances };
}
