import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DEBIAN_PYTHON, findPeerProgram, missingPythonModules } from '../scripts/debian-peers.ts';
import { objectPath } from '../src/main/station/platform/objects/object-store.ts';
import { bundledProviders } from '../src/main/station/inference/runner/session.ts';
import { PROGRAM } from '../src/main/station/program.ts';
import { timeBareSession } from './inference/bare-session.ts';
import {
  type BenchBody,
  type BenchObjects,
  type BenchSeries,
  openBenchObjects,
  putSeries,
} from './inference/bench-series.ts';
import { dropCached, filesBelow } from './inference/drop-cached.ts';
import { type MeasuredRun, startMeasuredRunner } from './inference/measured-runner.ts';
import { type InferencePass, lineOf, middle, printLines } from './inference/print-passes.ts';
import { measureStudiesAnHour, type Throughput } from './inference/studies-an-hour.ts';
import { printFigures, spread } from './figures.ts';

const MODELS = path.join(PROGRAM.resources, 'models');
const list = (value: string) => value.split(',').filter(Boolean);
const count = z.coerce.number().int().min(0);
const { values } = parseArgs({
  options: {
    models: { type: 'string' },
    providers: { type: 'string' },
    slices: { type: 'string', default: '40,300' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    /** Of the demo's mix through a whole station; 0 for none. */
    studies: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const models = list(values.models ?? readdirSync(MODELS).toSorted().join(','));
const wanted = list(values.providers ?? bundledProviders().join(','));
const lengths = z.array(count.min(1)).parse(values.quick ? [40] : list(values.slices));
const rounds = count.min(1).parse(values.quick ? 1 : values.rounds);
const threads = count.min(1).parse(values.threads);
const studies = count.parse(values.studies ?? (values.quick ? 5 : 40));
/** The highest load that a published hospital model plans for. */
const AIM_AN_HOUR = 337;
const CORES = 2;
const PYTHON_ROUNDS = 3;

/**
 * What a run takes, stage by stage, for each shipped model on each provider that computes here; what stands beside the model
 * against onnxruntime alone on the same tensors; reading and rescaling beside pydicom and GDCM; and how many of the demo's
 * studies a whole station takes in an hour. It asserts nothing.
 */
async function main(): Promise<void> {
  keepToTwoCores();
  const objects = openBenchObjects();
  const packages = mkdtempSync(path.join(tmpdir(), 'wetread-bench-'));
  try {
    const providers = await computingHere(objects);
    const passes: InferencePass[] = [];
    const readings: Readonly<Record<string, unknown>>[] = [];
    for (const slices of lengths)
      for (const [body, shown] of Map.groupBy(models, bodyOf)) {
        const series = await putSeries(objects, body, slices, 2 * rounds + 1);
        const made: InferencePass[] = [];
        for (const model of shown) {
          const directory = readyPackage(path.join(MODELS, model), packages, slices);
          for (const provider of providers) made.push(...(await measure(objects, series, directory, provider)));
        }
        readings.push(readingOf(series, made));
        passes.push(...made);
        objects.empty();
      }
    const lines = passes.map(lineOf);
    printLines(lines);
    for (const reading of readings) console.log('read and rescaled, ms a slice:', JSON.stringify(reading));
    console.log(
      JSON.stringify({ bench: 'inference', cores: availableParallelism(), threads, rounds, lines, readings }),
    );
  } finally {
    objects.remove();
    rmSync(packages, { recursive: true, force: true });
  }
  if (studies === 0) return;
  if (findPeerProgram('storescu') === null)
    console.log('studies an hour: not measured, storescu is not on this machine');
  else printThroughput(await measureStudiesAnHour(studies));
}

/** Of the wanted providers those that compute here; says which do not. */
async function computingHere(objects: BenchObjects): Promise<readonly string[]> {
  const here: string[] = [];
  for (const provider of wanted) {
    const runner = await startMeasuredRunner(objects, provider, threads);
    await runner?.stop();
    if (runner === null) console.log(`${provider}: does not compute on this machine`);
    else here.push(provider);
  }
  return here;
}

/**
 * Cold: a fresh runner, and neither objects nor model held by the system. Warm: the same runner, series after series. Queued: the
 * same, each told of while the one before it computes.
 */
async function measure(
  objects: BenchObjects,
  { slices, stored }: BenchSeries,
  model: ReadyPackage,
  provider: string,
): Promise<readonly InferencePass[]> {
  const { directory, name, version } = model;
  const [first, ...others] = stored;
  if (first === undefined) throw new Error('no series');
  const left = dropCached([
    ...first.map(({ digest, encoding }) => objectPath(objects.objectsDir, digest, encoding)),
    ...filesBelow(directory),
  ]);
  console.error(
    `${name}, ${provider}, ${slices}: ${left === null ? 'not known what' : `${Math.round(left * 100)} %`} of the files stayed in memory`,
  );
  const runner = await startMeasuredRunner(objects, provider, threads);
  if (runner === null) throw new Error(`${provider} computes no more`);
  const cold = await runner.run(model, first);
  const coldPeakMiB = runner.peakMiB();
  const warm: MeasuredRun[] = [];
  for (const instances of others.slice(0, rounds)) warm.push(await runner.run(model, instances));
  const warmPeakMiB = runner.peakMiB();
  const queue = others.slice(rounds);
  const queued: MeasuredRun[] = [];
  for (const [index, instances] of queue.entries()) queued.push(await runner.run(model, instances, queue[index + 1]));
  const peakMiB = runner.peakMiB();
  await runner.stop();
  const bare = await timeBareSession(objects, directory, first, { provider, threads, rounds });
  const about = { model: name, version, provider, slices };
  const [once = Number.NaN] = bare.computeMs;
  return [
    { ...about, how: 'cold', runs: [cold], bareMs: bare.loadMs + once, peakMiB: coldPeakMiB },
    { ...about, how: 'warm', runs: warm, bareMs: middle(bare.computeMs), peakMiB: warmPeakMiB },
    // Nothing was prepared before the first of them.
    { ...about, how: 'queued', runs: queued.slice(rounds > 1 ? 1 : 0), bareMs: middle(bare.computeMs), peakMiB },
  ];
}

type ReadyPackage = {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly modelDigest: string;
};
const Named = z.looseObject({
  id: z.string(),
  version: z.string(),
  modelDigest: z.string(),
  appliesTo: z.looseObject({
    bodyParts: z.array(z.string()).default([]),
    slices: z.looseObject({ min: z.number().optional(), max: z.number() }),
  }),
});

/** What a shipped model reads: a chest where its manifest says so, else a head. */
function bodyOf(model: string): BenchBody {
  const { appliesTo } = Named.parse(JSON.parse(readFileSync(path.join(MODELS, model, 'manifest.json'), 'utf8')));
  return appliesTo.bodyParts.some((part) => /CHEST|LUNG|THORAX/.test(part)) ? 'chest' : 'head';
}

/** A copy of a package that takes a series of this length, whatever its manifest thinks of so many slices. */
function readyPackage(shipped: string, packages: string, slices: number): ReadyPackage {
  const directory = path.join(packages, `${path.basename(shipped)}-${slices}`);
  cpSync(shipped, directory, { recursive: true });
  const file = path.join(directory, 'manifest.json');
  const manifest = Named.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { appliesTo, id, version, modelDigest } = manifest;
  const wider = { ...appliesTo.slices, max: Math.max(slices, appliesTo.slices.max) };
  writeFileSync(file, JSON.stringify({ ...manifest, appliesTo: { ...appliesTo, slices: wider } }));
  return { directory, name: id, version, modelDigest };
}

/** What reading and rescaling a slice takes us, with the file opened and proved, and others from plain files. */
function readingOf(
  { body, slices, plainFolder }: BenchSeries,
  ours: readonly InferencePass[],
): Readonly<Record<string, unknown>> {
  const own = middle(
    ours
      .filter(({ how }) => how === 'warm')
      .flatMap(({ runs }) => runs.map(({ readMs, decodeMs }) => (readMs + decodeMs) / slices)),
  );
  const rounded = (ms: number) => Math.round(ms * 100) / 100;
  const missing = missingPythonModules();
  if (missing.length > 0 || !existsSync(DEBIAN_PYTHON))
    return { body, slices, station: rounded(own), without: missing };
  const script = path.join(import.meta.dirname, 'inference/read-series.py');
  const told = execFileSync(DEBIAN_PYTHON, [script, plainFolder, String(PYTHON_ROUNDS)], { encoding: 'utf8' });
  const times = z.record(z.string(), z.array(z.number())).parse(JSON.parse(told));
  const others = Object.entries(times).map(([reader, each]) => [reader, rounded(middle(each) / slices)] as const);
  return { body, slices, station: rounded(own), ...Object.fromEntries(others) };
}

function printThroughput({ waitMs, ...made }: Throughput): void {
  const rounded = (value: number, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits;
  console.log(
    `${made.studies} studies of the demo's mix (${made.objects} objects, ${rounded(made.bytes / 1e6)} MB): ` +
      `${rounded(made.perHour)} an hour, ${rounded(made.perHour / AIM_AN_HOUR, 1)} of ${AIM_AN_HOUR}; ` +
      `all received after ${rounded(made.receivingS, 1)} s, the last run ended after ${rounded(made.wallS, 1)} s; ` +
      `${rounded(made.cpuSPerStudy, 2)} s of the processors a study; at most ${rounded(made.peakBytes / 2 ** 20)} MiB`,
  );
  console.log('runs:', JSON.stringify(made.runs));
  printFigures('inference: studies an hour', [spread('owed → ended', waitMs)], {
    ...{ studies: made.studies, perHour: rounded(made.perHour), aim: AIM_AN_HOUR, cores: availableParallelism() },
  });
}

/** On a larger machine only two cores count, for this process and all that it starts. */
function keepToTwoCores(): void {
  if (availableParallelism() <= CORES) return;
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', `0-${CORES - 1}`, String(process.pid)]);
}

await main();
process.exit();
