import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
    tables: { type: 'boolean', default: false },
  },
});
const Count = z.coerce.number().int().positive();
const studies = Math.ceil(Count.parse(values.instances) / SLICES_A_STUDY);
const senders = Count.parse(values.senders);
/** On disk a small object takes its header, its tag and the rest of its last block; the database comes on top. */
const BYTES_AN_INSTANCE = 8192 + 4096;
/** The rate is told of each of so many stretches. */
const STRETCHES = 20;

/**
 * Receives many small studies through the archive's own verb into a real data directory, and tells how the rate went, how
 * fast questions are answered at the end, and what an instance costs in the database. Ends with 1 where anything was lost.
 */
async function main(folder: string): Promise<void> {
  const archive = openSoakArchive(folder);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const rates = await receiveAll(archive);
  delay.disable();
  archive.settle();
  const kept = archive.count();
  const expected = { studies, instances: studies * SLICES_A_STUDY, quarantined: 0 };
  const [first, last] = [rates[0] ?? Number.NaN, rates.at(-1) ?? Number.NaN];
  const spreads = await timeQuestions(archive, studies);
  printFigures('soak-archive', spreads, {
    ...kept,
    senders,
    ratePerSAtStart: Math.round(first),
    ratePerSAtEnd: Math.round(last),
    slowerByPercent: Math.round((1 - last / first) * 1000) / 10,
    databaseBytesAnInstance: Math.round(archive.databaseBytes() / kept.instances),
    loopDelayP99Ms: Math.round(delay.percentile(99) / 1e5) / 10,
    loopDelayMaxMs: Math.round(delay.max / 1e5) / 10,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  });
  if (values.tables) console.table(archive.tables(kept.instances));
  await archive.close();
  if (JSON.stringify(kept) !== JSON.stringify(expected)) {
    console.error(`lost: ${JSON.stringify(kept)} are there of ${JSON.stringify(expected)}`);
    process.exitCode = 1;
  }
}

/** Instances a second, stretch by stretch. */
async function receiveAll(archive: SoakArchive): Promise<readonly number[]> {
  const rates: number[] = [];
  let next = 0;
  const sender = async (until: number) => {
    while (next < until) {
      const study = next;
      next += 1;
      await receiveStudy(archive, study);
    }
  };
  for (let stretch = 1; stretch <= Math.min(STRETCHES, studies); stretch += 1) {
    const begun = next;
    const until = Math.round((studies * stretch) / Math.min(STRETCHES, studies));
    const beganAtMs = performance.now();
    await Promise.all(Array.from({ length: senders }, () => sender(until)));
    rates.push(((until - begun) * SLICES_A_STUDY * 1000) / (performance.now() - beganAtMs));
    console.log(`${String(until * SLICES_A_STUDY).padStart(9)} instances  ${rates.at(-1)?.toFixed(0).padStart(6)}/s`);
  }
  return rates;
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
