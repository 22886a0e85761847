// Says honestly what the reference algorithm does: node scripts/with-node.mjs scripts/evaluate-model.ts [--first SEED] [--count N]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BLEED_KINDS, type BleedWish } from '../demo/phantoms/bleed.ts';
import { drawHeadCt } from '../demo/phantoms/head-ct.ts';
import { seededRandom } from '../demo/random.ts';
import { readPart10Header } from '../src/main/station/dicom/part10.ts';
import { arrangeStacks } from '../src/main/station/inference/runner/arrange-stacks.ts';
import { cutSamples } from '../src/main/station/inference/runner/cut-samples.ts';
import { feedInputs } from '../src/main/station/inference/runner/feed-inputs.ts';
import { type ModelPackage, openModelPackage } from '../src/main/station/inference/runner/model-package.ts';
import { prepareGrid } from '../src/main/station/inference/runner/prepare-grid.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import { readSourceFrames } from '../src/main/station/inference/runner/read-source-frames.ts';
import { NO_FACTS } from '../src/main/station/inference/runner/source-facts.ts';
import { phantomFrames } from './phantom-frames.ts';

type Answer = { readonly probability: number; readonly volumeMl: number; readonly inferMs: number };
type Outcome = Answer & { readonly kind: string; readonly truthMl: number; readonly isFlagged: boolean };

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: {
    first: { type: 'string', default: '500000' },
    count: { type: 'string', default: '100' },
    threads: { type: 'string', default: '2' },
  },
});
const opened = await openModelPackage(path.join(root, 'resources/models/head-ct-hyperdense'), {
  provider: 'cpu',
  threads: Number(options.threads),
});
if (!opened.ok) throw new Error(opened.error.code);
const model = opened.value;
const flagFrom = model.manifest.labels[0]?.flagFrom ?? 1;

const outcomes: Outcome[] = [];
for (let index = 0; index < Number(options.count); index += 1) {
  const seed = Number(options.first) + index;
  const bleed = index % 2 === 0 ? wishedBleed(seed, index / 2) : null;
  const phantom = drawHeadCt({ seed, bleed });
  const answer = await ask(model, phantomFrames(phantom));
  const isFlagged = answer.probability >= flagFrom;
  outcomes.push({ ...answer, kind: bleed?.kind ?? 'none', truthMl: phantom.truth.bleed?.volumeMl ?? 0, isFlagged });
}
report(outcomes);
await reportRealSeries(model);

/** Kinds in turn; volumes spread evenly over their logarithm, 2 to 60 ml, small ones 2 to 5. */
function wishedBleed(seed: number, turn: number): BleedWish {
  const random = seededRandom(seed, 'evaluation');
  const kind = BLEED_KINDS[turn % BLEED_KINDS.length] ?? 'small';
  return { kind, volumeMl: Math.exp(random.between(Math.log(2), Math.log(kind === 'small' ? 5 : 60))) };
}

async function ask({ manifest, session }: ModelPackage, frames: readonly SourceFrame[]): Promise<Answer> {
  const { appliesTo, preprocessing } = manifest;
  const stacks = arrangeStacks(frames, {
    arrangement: preprocessing.source.arrangement,
    orientation: appliesTo.orientation,
    minSlices: appliesTo.slices.min,
    maxSlices: appliesTo.slices.max,
    tolerates: preprocessing.tolerates,
  });
  if (!stacks.ok) throw new Error(stacks.error.code);
  const [stack] = stacks.value;
  if (stack === undefined) throw new Error('no stack');
  const grid = prepareGrid(stack, preprocessing);
  if (!grid.ok) throw new Error(grid.error.code);
  const [samples = []] = cutSamples(grid.value, preprocessing.sampling);
  const feeds = feedInputs(manifest.inputs, samples, { grid: grid.value, facts: NO_FACTS });
  if (!feeds.ok) throw new Error(feeds.error.code);
  const started = performance.now();
  const tensors = await session.run(feeds.value);
  const inferMs = performance.now() - started;
  const value = (tensor: string) => Number(tensors.get(tensor)?.data[0] ?? Number.NaN);
  return { probability: value('probability'), volumeMl: value('volume_ml'), inferMs };
}

function report(all: readonly Outcome[]): void {
  const bleeding = all.filter((outcome) => outcome.truthMl > 0);
  const clean = all.filter((outcome) => outcome.truthMl === 0);
  console.log(`${all.length} phantoms from seed ${options.first}`);
  console.log(line('sensitivity', bleeding.filter((outcome) => outcome.isFlagged).length, bleeding.length));
  console.log(line('specificity', clean.filter((outcome) => !outcome.isFlagged).length, clean.length));
  for (const kind of BLEED_KINDS) {
    const some = bleeding.filter((outcome) => outcome.kind === kind);
    const found = some.filter((outcome) => outcome.isFlagged);
    console.log(line(`  ${kind}`, found.length, some.length), errors(found));
  }
  console.log('volume of the flagged:', errors(bleeding.filter((outcome) => outcome.isFlagged)));
  const missed = bleeding.filter((outcome) => !outcome.isFlagged);
  console.log(
    'missed (kind, ml):',
    missed.map((outcome) => `${outcome.kind} ${outcome.truthMl.toFixed(1)}`).join(', ') || 'none',
  );
  const flagged = clean.filter((outcome) => outcome.isFlagged);
  console.log(
    'flagged without a bleed (ml):',
    flagged.map((outcome) => outcome.volumeMl.toFixed(1)).join(', ') || 'none',
  );
  console.log(
    `model alone, median: ${median(all.map((outcome) => outcome.inferMs)).toFixed(0)} ms with ${options.threads} threads`,
  );
}

function line(name: string, hits: number, of: number): string {
  const [low, high] = wilson(hits, of);
  const percent = (share: number) => (100 * share).toFixed(0);
  return `${name}: ${hits}/${of} = ${percent(of === 0 ? 0 : hits / of)} % (95 % Wilson ${percent(low)} to ${percent(high)} %)`;
}

function errors(found: readonly Outcome[]): string {
  if (found.length === 0) return '';
  const absolute = median(found.map(({ volumeMl, truthMl }) => Math.abs(volumeMl - truthMl)));
  const relative = median(found.map(({ volumeMl, truthMl }) => (volumeMl - truthMl) / truthMl));
  return `median absolute error ${absolute.toFixed(1)} ml, median relative error ${(100 * relative).toFixed(0)} %`;
}

/** The 95 % score interval of a share (Wilson 1927). */
function wilson(hits: number, of: number): readonly [number, number] {
  if (of === 0) return [0, 1];
  const z = 1.959964;
  const share = hits / of;
  const centre = share + (z * z) / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return [(centre - half) / scale, (centre + half) / scale];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN) +
      (sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN)) /
    2
  );
}

async function reportRealSeries(loaded: ModelPackage): Promise<void> {
  const directory = path.join(root, '../shared/data/ct-head-ge');
  if (!existsSync(directory)) return console.log('real series: skipped, ../shared/data is not here');
  const frames: SourceFrame[] = [];
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.dcm'))) {
    const file = readFileSync(path.join(directory, name));
    const header = readPart10Header(file);
    if (!header.ok) throw new Error(header.error.code);
    const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
    const read = await readSourceFrames(file, { sopUid, transferSyntaxUid }, loaded.manifest.preprocessing.source);
    if (!read.ok) throw new Error(read.error.code);
    frames.push(...read.value.frames);
  }
  const { probability, volumeMl } = await ask(loaded, frames);
  const verdict = probability >= flagFrom ? 'FLAG' : 'no flag';
  console.log(
    `real head CT without a bleed (${frames.length} slices): ${verdict}, ${volumeMl.toFixed(2)} ml, probability ${probability.toFixed(4)}`,
  );
}
