import { wilsonInterval } from '../src/shared/domain/wilson-interval.ts';
import type { ChestCase, Evaluation, HeadCase, QualityCase } from './evaluation-file.ts';
import { QUALITY_PROBLEMS } from './phantom-plans.ts';

/** What was measured of a shipped model in Markdown: how often it is right by what was drawn, with Wilson 95 % intervals, and by how much its sizes are off. */
export function describeEvaluation(evaluation: Evaluation): string {
  const { model, version, firstSeed, tunedOn, cases } = evaluation;
  const last = firstSeed + cases.length - 1;
  const tuned = `tuned on ${tunedOn.count} others, seeds ${tunedOn.firstSeed} to ${tunedOn.firstSeed + tunedOn.count - 1}`;
  return [
    `Version ${version} on ${cases.length} computer-drawn series, seeds ${firstSeed} to ${last}; ${tuned}. \`node scripts/with-node.mjs scripts/evaluate-model.ts ${model}\` measures this again.`,
    ...tablesOf(evaluation),
    ...realOf(evaluation),
  ].join('\n\n');
}

function tablesOf(evaluation: Evaluation): readonly string[] {
  switch (evaluation.model) {
    case 'head-ct-hyperdense':
      return headTables(evaluation.cases);
    case 'chest-ct-nodules':
      return chestTables(evaluation.cases);
    case 'ct-series-quality':
      return qualityTables(evaluation.cases);
  }
}

function headTables(cases: readonly HeadCase[]): readonly string[] {
  const bleeding = cases.filter(({ truthMl }) => truthMl > 0);
  const clean = cases.filter(({ truthMl }) => truthMl === 0);
  const found = (some: readonly HeadCase[]) => some.filter(({ isFlagged }) => isFlagged);
  const sensitivity = (name: string, some: readonly HeadCase[]) => rate(name, found(some).length, some.length);
  const kinds = [...new Set(bleeding.map(({ kind }) => kind))];
  const hits = found(bleeding);
  return [
    rates([
      sensitivity('**sensitivity**, all bleeds', bleeding),
      ...kinds.map((kind) =>
        sensitivity(
          kind,
          bleeding.filter((one) => one.kind === kind),
        ),
      ),
      sensitivity(
        'under 10 mL',
        bleeding.filter(({ truthMl }) => truthMl < 10),
      ),
      sensitivity(
        'from 10 mL on',
        bleeding.filter(({ truthMl }) => truthMl >= 10),
      ),
      sensitivity(
        'slices of 2.5 and 3 mm',
        bleeding.filter(({ sliceMm }) => sliceMm <= 3),
      ),
      sensitivity(
        'slices of 5 mm',
        bleeding.filter(({ sliceMm }) => sliceMm > 3),
      ),
      rate('**specificity**', clean.length - found(clean).length, clean.length),
      ...[
        ['slices of 2.5 and 3 mm', clean.filter(({ sliceMm }) => sliceMm <= 3)] as const,
        ['slices of 5 mm', clean.filter(({ sliceMm }) => sliceMm > 3)] as const,
      ].map(([name, some]) => rate(`specificity, ${name}`, some.length - found(some).length, some.length)),
    ]),
    errors([
      errorRow(
        'volume of all that were found',
        'mL',
        hits.map(({ truthMl, saidMl }) => [truthMl, saidMl]),
      ),
      ...kinds.map((kind) =>
        errorRow(
          `volume, ${kind}`,
          'mL',
          hits.filter((one) => one.kind === kind).map(({ truthMl, saidMl }) => [truthMl, saidMl]),
        ),
      ),
    ]),
  ];
}

function chestTables(cases: readonly ChestCase[]): readonly string[] {
  const all = cases.flatMap((one) => one.nodules.map((nodule) => ({ ...nodule, of: one })));
  type Nodule = (typeof all)[number];
  const row = (name: string, which: (one: Nodule) => boolean) => {
    const some = all.filter(which);
    return rate(name, some.filter(({ saidMm }) => saidMm !== null).length, some.length);
  };
  const size = (name: string, from: number, to: number) => row(name, ({ mm }) => mm >= from && mm < to);
  const clean = cases.filter(({ nodules }) => nodules.length === 0);
  const withSome = cases.filter(({ nodules }) => nodules.length > 0);
  const isFlagged = ({ nodules, elsewhere }: ChestCase) =>
    elsewhere > 0 || nodules.some(({ saidMm }) => saidMm !== null);
  const falseOnes = cases.reduce((sum, { elsewhere }) => sum + elsewhere, 0);
  const kinds = [...new Set(all.map(({ kind }) => kind))].toSorted();
  const kernels = [...new Set(cases.map(({ kernel }) => kernel))].toSorted();
  const slices = [...new Set(cases.map(({ sliceMm }) => sliceMm))].toSorted((a, b) => a - b);
  const sized = all.flatMap(({ mm, ml, saidMm }) =>
    saidMm === null ? [] : [{ mm, ml, saidMm, saidMl: (Math.PI / 6000) * saidMm ** 3 }],
  );
  return [
    rates([
      row('**sensitivity**, all nodules', () => true),
      ...[size('under 6 mm', 0, 6), size('6 to 8 mm', 6, 8), size('8 to 12 mm', 8, 12), size('from 12 mm on', 12, 99)],
      ...kinds.map((kind) => row(kind, (one) => one.kind === kind)),
      ...slices.map((mm) => row(`slices of ${mm} mm`, ({ of }) => of.sliceMm === mm)),
      ...kernels.map((kernel) => row(`${kernel} kernel`, ({ of }) => of.kernel === kernel)),
      rate('**series** with nodules that were flagged', withSome.filter(isFlagged).length, withSome.length),
      rate('**specificity**, series without', clean.filter((one) => !isFlagged(one)).length, clean.length),
      ...kernels.map((kernel) => {
        const some = clean.filter((one) => one.kernel === kernel);
        return rate(`specificity, ${kernel} kernel`, some.filter((one) => !isFlagged(one)).length, some.length);
      }),
    ]),
    `False candidates: ${falseOnes} in ${cases.length} series, ${(falseOnes / cases.length).toFixed(2)} a series.`,
    errors([
      errorRow(
        'diameter of those found',
        'mm',
        sized.map(({ mm, saidMm }) => [mm, saidMm]),
      ),
      errorRow(
        'volume of those found',
        'mL',
        sized.map(({ ml, saidMl }) => [ml, saidMl]),
      ),
      errorRow(
        'volume, under 8 mm',
        'mL',
        sized.filter(({ mm }) => mm < 8).map(({ ml, saidMl }) => [ml, saidMl]),
      ),
      errorRow(
        'volume, from 8 mm on',
        'mL',
        sized.filter(({ mm }) => mm >= 8).map(({ ml, saidMl }) => [ml, saidMl]),
      ),
    ]),
  ];
}

function qualityTables(cases: readonly QualityCase[]): readonly string[] {
  const problems = QUALITY_PROBLEMS.filter((problem) => problem !== 'none');
  const rows = problems.flatMap((problem) => {
    const bad = cases.filter((one) => one.problem === problem);
    const good = cases.filter((one) => one.problem !== problem);
    const told = (some: readonly QualityCase[]) => some.filter(({ flagged }) => flagged.includes(problem)).length;
    return [
      rate(`**${problem}**: told where it is`, told(bad), bad.length),
      rate(`${problem}: not told where it is not`, good.length - told(good), good.length),
    ];
  });
  const fine = cases.filter(({ problem }) => problem === 'none');
  return [
    rates([
      ...rows,
      rate(
        '**nothing told** of series without any',
        fine.filter(({ flagged }) => flagged.length === 0).length,
        fine.length,
      ),
    ]),
  ];
}

function realOf({ real }: Evaluation): readonly string[] {
  return real.map(
    ({ series, slices, wasLookedAt, says }) =>
      `On the real series \`${series}\` (${slices} slices; nobody has said what is in it${wasLookedAt ? ', and it was looked at while tuning' : ''}): ${says.join('; ')}.`,
  );
}

type Rate = { readonly name: string; readonly hits: number; readonly of: number };

function rate(name: string, hits: number, of: number): Rate {
  return { name, hits, of };
}

function rates(rows: readonly Rate[]): string {
  const lines = rows
    .filter(({ of }) => of > 0)
    .map(({ name, hits, of }) => {
      const { low, high } = wilsonInterval(hits, of);
      return `| ${name} | ${hits} of ${of} | ${percent(hits / of)} | ${percent(low)} to ${percent(high)} |`;
    });
  return ['| | found | share | 95 % Wilson interval |', '|---|---|---|---|', ...lines].join('\n');
}

type ErrorRow = {
  readonly name: string;
  readonly unit: string;
  readonly pairs: readonly (readonly [number, number])[];
};

function errorRow(name: string, unit: string, pairs: ErrorRow['pairs']): ErrorRow {
  return { name, unit, pairs };
}

/** What was said less what is true: the middle one, the middle half, as a share, and the limits of agreement (Bland and Altman 1986). */
function errors(rows: readonly ErrorRow[]): string {
  const lines = rows
    .filter(({ pairs }) => pairs.length >= 3)
    .map(({ name, unit, pairs }) => {
      const off = pairs.map(([truth, said]) => said - truth);
      const share = pairs.map(([truth, said]) => (said - truth) / truth);
      const mean = off.reduce((sum, one) => sum + one, 0) / off.length;
      const deviation = Math.sqrt(off.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (off.length - 1));
      const digits = unit === 'mL' && Math.abs(quantile(off, 0.5)) < 0.1 ? 3 : 1;
      const text = (value: number) => `${value.toFixed(digits)} ${unit}`;
      return `| ${name} | ${pairs.length} | ${text(quantile(off, 0.5))} | ${text(quantile(off, 0.25))} to ${text(quantile(off, 0.75))} | ${percent(quantile(share, 0.5))} | ${text(mean - 1.96 * deviation)} to ${text(mean + 1.96 * deviation)} |`;
    });
  return [
    '| error | n | median | middle half | median, relative | 95 % limits of agreement |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Linear between neighbours. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
