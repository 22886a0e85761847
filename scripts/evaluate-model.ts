// Says honestly what the reference algorithm does: node scripts/with-node.mjs scripts/evaluate-model.ts [--first SEED] [--count N]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BLEED_KINDS, type BleedWish } from '../demo/phantoms/bleed.ts';
import { drawHeadCt } from '../demo/phantoms/head-ct.ts';
import { seededRandom } from '../demo/random.ts';
import { readPart10Header } from '../src/main/station/dicom/part10.ts';
import { arrangeSlices } from '../src/main/station/inference/runner/arrange-slices.ts';
import { feedModel } from '../src/main/station/inference/runner/feed-model.ts';
import { interpretOutputs } from '../src/main/station/inference/runner/interpret-outputs.ts';
import { type ModelPackage, openModelPackage, sha256 } from '../src/main/station/inference/runner/model-package.ts';
import { prepareVolume } from '../src/main/station/inference/runner/prepare-volume.ts';
import { readSlice } from '../src/main/station/inference/runner/read-slice.ts';
import type { SourceSlice } from '../src/main/station/inference/runner/source-slice.ts';
import { phantomSlices } from './phantom-slices.ts';

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
  const answer = await ask(model, phantomSlices(phantom));
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

async function ask({ manifest, session }: ModelPackage, slices: readonly SourceSlice[]): Promise<Answer> {
  const series = arrangeSlices(slices, {
    orientation: manifest.appliesTo.orientation,
    minSlices: manifest.appliesTo.slices.min,
    maxSlices: manifest.appliesTo.slices.max,
    maxGapOverThickness: manifest.preprocessing.maxGapOverThickness,
  });
  if (!series.ok) throw new Error(series.error.code);
  const prepared = prepareVolume(series.value, manifest.preprocessing);
  const shape = [prepared.slices, prepared.rows, prepared.columns] as const;
  const { pixelMm } = manifest.preprocessing;
  const feeds = feedModel(manifest, {
    values: prepared.values,
    shape,
    spacingMm: [series.value.stepsMm[0] ?? 0, pixelMm, pixelMm],
    extentsMm: series.value.extentsMm,
  });
  const started = performance.now();
  const tensors = await session.run(feeds);
  const inferMs = performance.now() - started;
  const answer = interpretOutputs(manifest, tensors, shape);
  if (!answer.ok) throw new Error(answer.error.code);
  const value = (role: string) => answer.value.outputs.find((output) => output.role === role)?.value ?? Number.NaN;
  return { probability: value('probability'), volumeMl: value('measurement'), inferMs };
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
  const slices: SourceSlice[] = [];
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.dcm'))) {
    const file = readFileSync(path.join(directory, name));
    const header = readPart10Header(file);
    if (!header.ok) throw new Error(header.error.code);
    const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
    const reference = { sopUid, transferSyntaxUid, digest: sha256(file), encoding: 'plain' } as const;
    const slice = await readSlice(file, reference, loaded.manifest.preprocessing.paddingValue);
    if (!slice.ok) throw new Error(slice.error.code);
    slices.push(slice.value);
  }
  const { probability, volumeMl } = await ask(loaded, slices);
  const verdict = probability >= flagFrom ? 'FLAG' : 'no flag';
  console.log(
    `real head CT without a bleed (${slices.length} slices): ${verdict}, ${volumeMl.toFixed(2)} ml, probability ${probability.toFixed(4)}`,
  );
}
