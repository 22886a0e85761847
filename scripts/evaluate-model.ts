// Says honestly what a shipped model does: node scripts/with-node.mjs scripts/evaluate-model.ts MODEL [--count N] [--threads N]
// Goes on where it stopped, and begins anew when the model is another. Then `vitest run --project unit scripts/evaluation-doc.test.ts -u`.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawChestCt } from '../demo/phantoms/chest-ct.ts';
import { drawHeadCt } from '../demo/phantoms/head-ct.ts';
import { reaches } from '../src/shared/domain/flag-when.ts';
import { type ModelPackage, openModelPackage } from '../src/main/station/inference/runner/model-package.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import { type FramesAnswer, runFrames } from '../src/main/station/inference/runner/run-frames.ts';
import { NO_FACTS } from '../src/main/station/inference/runner/source-facts.ts';
import { type ChestCase, Evaluation, type HeadCase, type QualityCase } from './evaluation-file.ts';
import { prepareFrames } from './feed-series.ts';
import { phantomFrames } from './phantom-frames.ts';
import { planChest, planHead, planQuality } from './phantom-plans.ts';
import { readRealSeries } from './real-series.ts';

type ModelId = Evaluation['model'];
/** Seeds tuned on, first seed reported on and how many: they share none. */
const PLANS: Readonly<
  Record<ModelId, { tunedOn: { firstSeed: number; count: number }; firstSeed: number; count: number }>
> = {
  'head-ct-hyperdense': { tunedOn: { firstSeed: 2_000_000, count: 30 }, firstSeed: 2_500_000, count: 120 },
  'chest-ct-nodules': { tunedOn: { firstSeed: 1_000_000, count: 78 }, firstSeed: 1_500_000, count: 120 },
  'ct-series-quality': { tunedOn: { firstSeed: 3_000_000, count: 24 }, firstSeed: 3_500_000, count: 128 },
};
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, threads: { type: 'string', default: '2' } },
});
const id = positionals[0] as ModelId;
if (!Object.hasOwn(PLANS, id)) throw new Error(`one of ${Object.keys(PLANS).join(', ')}`);
const plan = PLANS[id];
const directory = path.join(root, 'resources/models', id);
const file = path.join(directory, 'evaluation.json');
const opened = await openModelPackage(directory, { provider: 'cpu', threads: Number(options.threads) });
if (!opened.ok) throw new Error(opened.error.code);
const model = opened.value;
const outboxDir = mkdtempSync(path.join(tmpdir(), 'wetread-evaluation-'));

const about = { version: model.manifest.version, modelDigest: model.manifest.modelDigest };
const known = existsSync(file) ? Evaluation.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
const isSame = known?.modelDigest === about.modelDigest && known.firstSeed === plan.firstSeed;
const cases: unknown[] = isSame ? [...known.cases] : [];
const real = isSame && known.real.length > 0 ? known.real : await askReal();
const keep = () => {
  const { tunedOn, firstSeed } = plan;
  const evaluation = Evaluation.parse({ model: id, ...about, firstSeed, tunedOn, real, cases });
  writeFileSync(file, `${JSON.stringify(evaluation)}\n`);
};
for (let index = cases.length; index < Number(options.count ?? plan.count); index += 1) {
  cases.push(await measure(index));
  keep();
  console.log(JSON.stringify(cases.at(-1)));
}
keep();
rmSync(outboxDir, { recursive: true, force: true });

async function measure(index: number): Promise<HeadCase | ChestCase | QualityCase> {
  switch (id) {
    case 'head-ct-hyperdense': {
      const wish = planHead(plan.firstSeed, index);
      const phantom = drawHeadCt(wish);
      const answer = await ask(model, phantomFrames(phantom));
      const kind = wish.bleed?.kind ?? 'none';
      const truthMl = rounded(phantom.truth.bleed?.volumeMl ?? 0);
      const saidMl = rounded(numberOf(answer, 'volume_ml'));
      return { index, kind, sliceMm: phantom.sliceMm, truthMl, saidMl, isFlagged: flaggedOf(model, answer).length > 0 };
    }
    case 'chest-ct-nodules': {
      const phantom = drawChestCt(planChest(plan.firstSeed, index));
      const answer = await ask(model, phantomFrames(phantom));
      const from = model.manifest.labels[0]?.flagFrom ?? 1;
      const boxes = answer.boxes.filter(({ score }) => score >= from);
      const at = (box: (typeof boxes)[number], centre: readonly number[]) =>
        Math.hypot(...(box.key.centreMm ?? [Infinity]).map((mm, axis) => mm - (centre[axis] as number)));
      const isAt = (box: (typeof boxes)[number], one: (typeof phantom.truth.nodules)[number]) =>
        at(box, one.centreMm) <= Math.max(4, one.diameterMm / 2);
      const nodules = phantom.truth.nodules.map((one) => {
        const best = boxes.filter((box) => isAt(box, one)).toSorted((a, b) => b.score - a.score)[0];
        const saidMm = best === undefined ? null : rounded(Math.cbrt(((best.volumeMl ?? 0) * 6000) / Math.PI));
        return { kind: one.kind, mm: rounded(one.diameterMm), ml: Number(one.volumeMl.toPrecision(3)), saidMm };
      });
      const elsewhere = boxes.filter((box) => !phantom.truth.nodules.some((one) => isAt(box, one))).length;
      const { sliceMm, kernel, noiseHu } = phantom;
      return { index, sliceMm, kernel, noiseHu: rounded(noiseHu), nodules, elsewhere };
    }
    case 'ct-series-quality': {
      const { problem, phantom, lost } = planQuality(plan.firstSeed, index);
      const drawn = phantom.of === 'head' ? drawHeadCt(phantom.wish) : drawChestCt(phantom.wish);
      const frames = phantomFrames(drawn).filter((_, slice) => !lost.includes(slice));
      const answer = await ask(model, frames);
      const numbers = answer.outputs.flatMap(({ role, tensor, value }) =>
        role === 'measurement' ? [[tensor, rounded(value)] as const] : [],
      );
      return {
        index,
        of: phantom.of,
        problem,
        flagged: flaggedOf(model, answer),
        numbers: Object.fromEntries(numbers),
      };
    }
  }
}

async function ask(asked: ModelPackage, frames: readonly SourceFrame[]): Promise<FramesAnswer> {
  const setting = { model: asked, outboxDir, signal: new AbortController().signal };
  const grid = prepareFrames(asked.manifest, frames);
  const { rows, columns } = grid.stack.frames[0] as SourceFrame;
  const geometry = {
    ...{ arrangement: 'volume' as const, slices: frames.length, rows, columns, pixelSpacingMm: null },
    ...{ minSpacingMm: null, maxSpacingMm: null, tiltDegrees: grid.stack.tiltDegrees, frameOfReferenceUid: null },
    ...{ corrections: [...grid.stack.corrections], leftOut: 0, stacks: 1 },
  };
  const series = { geometry, facts: NO_FACTS, grids: [grid], others: [new Map()], fed: new Map() };
  const answer = await runFrames(setting, series, () => undefined);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}

/** What each real series that the model is for is said to show. */
async function askReal(): Promise<Evaluation['real']> {
  const answers: Evaluation['real'][number][] = [];
  for await (const { name, wasLookedAt, frames } of readRealSeries(path.join(root, '../shared/data'), id)) {
    const answer = await ask(model, frames);
    const numbers = answer.outputs.map(({ tensor, label, value }) => `${tensor} (${label}): ${value.toPrecision(3)}`);
    const boxes = answer.boxes
      .filter(({ score }) => score >= (model.manifest.labels[0]?.flagFrom ?? 1))
      .map(({ score, diameterMm }) => `candidate of ${diameterMm?.toFixed(1)} mm, score ${score.toFixed(2)}`);
    const flagged = flaggedOf(model, answer);
    const verdict = flagged.length === 0 ? 'nothing flagged' : `flagged: ${flagged.join(', ')}`;
    answers.push({ series: name, slices: frames.length, wasLookedAt, says: [verdict, ...numbers, ...boxes] });
  }
  return answers;
}

function flaggedOf({ manifest }: ModelPackage, answer: FramesAnswer): string[] {
  return manifest.labels.flatMap(({ id: label, flagFrom, flagWhen, score }) => {
    const of =
      score === 'best-box'
        ? answer.boxLabels.find((one) => one.label === label)?.best
        : answer.outputs.find((one) => one.label === label && one.role === 'probability')?.value;
    return of !== undefined && reaches(of, flagFrom, flagWhen) ? [label] : [];
  });
}

function numberOf({ outputs }: FramesAnswer, tensor: string): number {
  return outputs.find((output) => output.tensor === tensor)?.value ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
