import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeHeadCtStudy } from '../../demo/phantoms/head-ct-series.ts';
import { planArrivals } from '../../demo/schedule.ts';
import { signIn } from '../../test/system/support/ask-station.ts';
import { withDatabase } from '../../test/system/support/database.ts';
import { endEverything, startStation, TEST_CONFIG } from '../../test/system/support/start-station.ts';
import { until } from '../../test/system/support/until.ts';
import { cpuSecondsOf, watchMemory } from '../ingest/process-tree.ts';
import { sendFolders } from '../ingest/send.ts';

/** What a station made of studies that came as fast as it took them. */
export type Throughput = {
  readonly studies: number;
  readonly objects: number;
  readonly bytes: number;
  /** From the first object sent until the last run ended. */
  readonly wallS: number;
  /** Until the last object was answered. */
  readonly receivingS: number;
  readonly perHour: number;
  /** Runs by how they ended, and why where they did not run. */
  readonly runs: Readonly<Record<string, number>>;
  /** From being owed to the result, of each finished run. */
  readonly waitMs: readonly number[];
  readonly cpuSPerStudy: number;
  readonly peakBytes: number;
};

/** The pretend hospital's plan from this seed on is the mix. */
const SEED = 26_000_000;
const RUNS_WITHIN_MS = 600_000;
const COUNT_OPEN = `SELECT count(*) FROM runs WHERE state IN ('queued', 'running')`;
const COUNT_WITHOUT_RUN = `SELECT count(*) FROM studies s WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.study_id = s.study_id)`;
const LIST_RUNS = `SELECT state, coalesce(reason, '') AS reason, queued_at_ms AS queuedAtMs, finished_at_ms AS finishedAtMs FROM runs`;
type RunRow = {
  readonly state: string;
  readonly reason: string;
  readonly queuedAtMs: number;
  readonly finishedAtMs: number;
};

/** Sends the demo's studies to a station as it is started for people, one after another by `storescu`, until every run of theirs ended. */
export async function measureStudiesAnHour(studies: number): Promise<Throughput> {
  const work = mkdtempSync(path.join(tmpdir(), 'wetread-bench-'));
  try {
    const { folders, objects, bytes } = writeStudies(work, studies);
    // Runs start as the first series is there; none is held back for the quiet time of a study.
    const inference = { shippedModels: 'all' };
    const station = await startStation({ demo: true, config: { ...TEST_CONFIG, inference } });
    const who = await signIn(station, 'administrator', 'demo');
    await until(
      async () => JSON.parse((await who.fetch('/api/v1/station/status')).text).inference.state === 'ready',
      100,
    );
    const cpuBefore = cpuSecondsOf(station.pid);
    const memory = watchMemory(station.pid);
    const beganAtMs = Date.now();
    for (const folder of folders) await sendFolders(station.dicom.port, [folder]);
    const receivedAtMs = Date.now();
    const count = (sql: string) => withDatabase(station.data, (db) => Number(db.prepare(sql).pluck().get()));
    let quietSince = Date.now();
    while (Date.now() - receivedAtMs < RUNS_WITHIN_MS && Date.now() - quietSince < 4000) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (count(COUNT_OPEN) + count(COUNT_WITHOUT_RUN) > 0) quietSince = Date.now();
    }
    const cpuS = cpuSecondsOf(station.pid) - cpuBefore;
    const peakBytes = memory.stop();
    const rows = withDatabase(station.data, (db) => db.prepare(LIST_RUNS).all() as RunRow[]);
    await station.stop();
    const finished = rows.filter(({ state }) => state === 'finished');
    const wallS = (Math.max(...rows.map(({ finishedAtMs }) => finishedAtMs)) - beganAtMs) / 1000;
    const runs: Record<string, number> = {};
    for (const { state, reason } of rows) {
      const name = state === 'failed' ? `not run: ${reason}` : state;
      runs[name] = (runs[name] ?? 0) + 1;
    }
    return {
      ...{ studies, objects, bytes, wallS, receivingS: (receivedAtMs - beganAtMs) / 1000 },
      ...{ perHour: (studies / wallS) * 3600, runs },
      waitMs: finished.map(({ queuedAtMs, finishedAtMs }) => finishedAtMs - queuedAtMs),
      ...{ cpuSPerStudy: cpuS / studies, peakBytes },
    };
  } finally {
    await endEverything();
    rmSync(work, { recursive: true, force: true });
  }
}

function writeStudies(
  work: string,
  studies: number,
): { readonly folders: readonly string[]; readonly objects: number; readonly bytes: number } {
  const folders: string[] = [];
  let [objects, bytes] = [0, 0];
  const heads = planArrivals({ seed: SEED, everyMs: 0 }).filter(({ study }) => study.kind === 'head-ct');
  for (const { study } of heads.take(studies)) {
    const wish = { ...study.wish, bleed: study.bleed ?? null, withThinBone: study.withThinBone ?? false };
    const folder = path.join(work, String(folders.length).padStart(4, '0'));
    mkdirSync(folder);
    folders.push(folder);
    for (const { instances } of makeHeadCtStudy({ ...wish, atMs: Date.UTC(2026, 0, 15, 9) }).series)
      for (const { sopUid, file } of instances) {
        writeFileSync(path.join(folder, `${sopUid}.dcm`), file);
        objects += 1;
        bytes += file.byteLength;
      }
  }
  return { folders, objects, bytes };
}
