import '../src/main/station/platform/tune-process.ts';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openSoakArchive, type SoakArchive } from './archive/open-archive.ts';
import { timeQuestions } from './archive/questions.ts';
import { SLICES_A_STUDY, studyOf } from './archive/studies.ts';
import { printFigures } from '../bench/figures.ts';
import { admitAssociation, endAssociation, receiveObject } from '../src/main/station/archive/index.ts';

const { values } = parseArgs({
  options: {
    instances: { type: 'string', default: '1000000' },
    senders: { type: 'string', default: '4' },
    folder: { type: 'string', default: tmpdir() },
    minutes: { type: 'string', default: '1440' },
    tables: { type: 'boolean', default: false },
  },
});
const Count = z.coerce.number().int().positive();
const studies = Math.ceil(Count.parse(values.instances) / SLICES_A_STUDY);
const senders = Count.parse(values.senders);
const minutes = z.coerce.number().positive().parse(values.minutes);
/** On disk a small object takes its header, its tag and the rest of its last block; the database comes on top. */
const BYTES_AN_INSTANCE = 8192 + 4096;
/** The rate is told of each of so many stretches. */
const STRETCHES = 20;

/** Of a stretch: the rate, which other work on the machine disturbs, and the processor's time an instance, which it disturbs less. */
type Stretch = { readonly ratePerS: number; readonly cpuMs: number; readonly mainMs: number };

/**
 * Receives many small studies through the archive's own verb into a real data directory, and tells how the rate went, how
 * fast questions are answered at the end, and what an instance costs in the database. Ends with 1 where anything was lost.
 * After `--minutes`, or at a first interrupt, it finishes the studies under way and tells the same of what has come.
 */
async function main(folder: string): Promise<void> {
  const archive = await openSoakArchive(folder);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const { received, stretches } = await receiveAll(archive);
  delay.disable();
  await archive.settle();
  const kept = archive.count();
  const expected = { studies: received, instances: received * SLICES_A_STUDY, quarantined: 0 };
  const spreads = await timeQuestions(archive, received);
  printFigures('soak-archive', spreads, {
    ...kept,
    senders,
    ...startAndEnd('ratePerS', stretches, 0),
    slowerByPercent: round(1, 100 - 100 / ratio(stretches, 'ratePerS')),
    ...startAndEnd('cpuMs', stretches, 3),
    ...startAndEnd('mainMs', stretches, 3),
    dearerByPercent: round(1, 100 / ratio(stretches, 'cpuMs') - 100),
    databaseBytesAnInstance: Math.round(archive.databaseBytes() / kept.instances),
    loopDelayP99Ms: round(1, delay.percentile(99) / 1e6),
    loopDelayMaxMs: round(1, delay.max / 1e6),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    loadAverage: round(1, loadavg()[1] ?? Number.NaN),
  });
  if (values.tables) console.table(archive.tables(kept.instances));
  await archive.close();
  if (JSON.stringify(kept) !== JSON.stringify(expected)) {
    console.error(`lost: ${JSON.stringify(kept)} are there of ${JSON.stringify(expected)}`);
    process.exitCode = 1;
  }
}

const round = (digits: number, value: number) => Number(value.toFixed(digits));

function startAndEnd(what: keyof Stretch, stretches: readonly Stretch[], digits: number) {
  const of = (stretch: Stretch | undefined) => round(digits, stretch?.[what] ?? Number.NaN);
  return { [`${what}AtStart`]: of(stretches[0]), [`${what}AtEnd`]: of(stretches.at(-1)) };
}

/** The first stretch's figure in the last one's. */
const ratio = (stretches: readonly Stretch[], what: keyof Stretch) =>
  (stretches[0]?.[what] ?? Number.NaN) / (stretches.at(-1)?.[what] ?? Number.NaN);

/** How many studies came, all of each, and how that went stretch by stretch. */
async function receiveAll(archive: SoakArchive) {
  const stretches: Stretch[] = [];
  const untilMs = performance.now() + minutes * 60_000;
  let isInterrupted = false;
  process.once('SIGINT', () => (isInterrupted = true));
  const isOver = () => isInterrupted || performance.now() > untilMs;
  let next = 0;
  const sender = async (until: number) => {
    while (next < until && !isOver()) {
      const study = next;
      next += 1;
      await receiveStudy(archive, study);
    }
  };
  for (let number = 1; number <= Math.min(STRETCHES, studies) && !isOver(); number += 1) {
    const begun = next;
    const until = Math.round((studies * number) / Math.min(STRETCHES, studies));
    const [beganAtMs, cpu, main] = [performance.now(), process.cpuUsage(), process.threadCpuUsage()];
    await Promise.all(Array.from({ length: senders }, () => sender(until)));
    const instances = (next - begun) * SLICES_A_STUDY;
    const anInstanceMs = ({ user, system }: { user: number; system: number }) => (user + system) / 1000 / instances;
    const stretch = {
      ratePerS: (instances * 1000) / (performance.now() - beganAtMs),
      cpuMs: anInstanceMs(process.cpuUsage(cpu)),
      mainMs: anInstanceMs(process.threadCpuUsage(main)),
    };
    stretches.push(stretch);
    const count = String(next * SLICES_A_STUDY).padStart(9);
    const cpuText = `${stretch.cpuMs.toFixed(2)} ms of processor an instance, ${stretch.mainMs.toFixed(2)} on the main thread`;
    console.log(`${count} instances  ${stretch.ratePerS.toFixed(0).padStart(6)}/s  ${cpuText}`);
  }
  return { received: next, stretches };
}

async function receiveStudy({ archive, offer }: SoakArchive, study: number): Promise<void> {
  const { db, clock } = archive;
  const admitted = admitAssociation(db, offer, `soak-${study}`, clock.nowMs());
  if (!admitted.ok) throw new Error(admitted.error.code);
  let stored = 0;
  for (const arrival of studyOf(study)) {
    const { status } = await receiveObject(archive, arrival, admitted.value);
    if (status !== 'success') throw new Error(`an object was answered ${status}`);
    stored += 1;
  }
  endAssociation(db, admitted.value, { how: 'released', stored, refused: 0, atMs: clock.nowMs() });
}

const { bavail, bsize } = statfsSync(values.folder);
if (bavail * bsize < studies * SLICES_A_STUDY * BYTES_AN_INSTANCE)
  throw new Error(`too little room in ${values.folder}; name another --folder, or fewer --instances`);
const folder = mkdtempSync(path.join(values.folder, 'wetread-soak-'));
try {
  await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
