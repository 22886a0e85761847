import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rowOf, signIn } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';

afterAll(endEverything);

const WITHIN_MS = 60_000;
const RUN_OF_HEAD = `
  SELECT r.run_id AS runId, r.state, r.reason, r.attempts FROM runs r JOIN models m ON m.digest = r.model_digest
   WHERE m.model_id = 'head-ct-hyperdense' ORDER BY r.rowid LIMIT 1
`;
type HeadRun = {
  readonly runId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
};

/** Looks at the station's own rows without a pause, and kills it in the middle of the run: as if the run had done it. */
async function killWhileItComputes(station: RunningStation): Promise<HeadRun> {
  const found = withDatabase(station.data, (db) => {
    const find = db.prepare<[], HeadRun>(RUN_OF_HEAD);
    const idle = new Int32Array(new SharedArrayBuffer(4));
    for (const untilMs = performance.now() + WITHIN_MS; performance.now() < untilMs; Atomics.wait(idle, 0, 0, 1)) {
      const run = find.get();
      if (run?.state !== 'running') continue;
      process.kill(station.pid, 'SIGKILL');
      return run;
    }
    throw new Error('the run never began');
  });
  await station.kill();
  return found;
}

test('a run in which the station is killed each time is given up after three starts, and the next study is read', async () => {
  const data = path.join(temporaryFolder(), 'data');
  const study = phantomStudy({ seed: 1300, slices: 32 });
  let station = await startStation({ data, demo: true });
  await sendObjects(remoteOf(station), study.objects);
  const killed: HeadRun[] = [];
  for (let starts = 0; starts < 3; starts += 1) {
    killed.push(await killWhileItComputes(station));
    station = await startStation({ data, demo: true });
  }
  expect(killed.map(({ runId, attempts }) => [runId, attempts])).toEqual([1, 2, 3].map((n) => [killed[0]?.runId, n]));

  const radiologist = await signIn(station, 'radiologist', 'demo');
  const given = await rowOf(radiologist, study.studyUid, ({ ai }) => ai.state !== 'waiting' && ai.state !== 'running');
  expect(given.ai).toMatchObject({ state: 'not-run', reason: 'runner-crashed' });
  const next = phantomStudy({ seed: 1301, matrix: 64, slices: 12 });
  await sendObjects(remoteOf(station), next.objects);
  await rowOf(radiologist, next.studyUid, ({ ai }) => ai.state === 'no-flag' || ai.state === 'flagged');
  // A stop is no kill: whatever computed then is not held against its run.
  expect(await station.stop()).toBe(0);
  const run = withDatabase(data, (db) => db.prepare<[], HeadRun>(RUN_OF_HEAD).get());
  expect(run).toMatchObject({ runId: killed[0]?.runId, state: 'failed', reason: 'runner-crashed', attempts: 3 });
}, 300_000);
