import { afterEach, expect, test } from 'vitest';
import { listFindings } from './index.ts';
import { policyOf } from './failure-policy.ts';
import { LANES, LONGEST_WAIT_MS, type RunPriority } from './run-order.ts';
import { type ComputingClinic, openComputingClinic, SILENT_MODEL } from './test-runs.ts';

/** The long form: RUNNER_KILL_STUDIES=1000 (npm run soak -- runner). */
const STUDIES = Number(process.env['RUNNER_KILL_STUDIES'] ?? 12);
/** Killed at any moment of one run in so many: by runs, not by the clock, so that a slow machine comes to an end too. */
const RUNS_BETWEEN_KILLS = { least: 2, most: 6 } as const;
const LONGEST_DELAY_MS = 400;
/** They come while the others are worked on, and are next: among shown runs, and again where only silent ones are left. */
const LATE_STATS = 3;

let computing: ComputingClinic | null = null;
afterEach(async () => {
  await computing?.close();
  computing = null;
});

const priorityOf = (n: number) => (n % 7 === 3 ? 'stat' : n % 3 === 1 ? 'urgent' : 'routine');
/** The late ones have some, too. */
const hasBloodOf = (n: number) => n % 5 === 0 || n >= STUDIES;
/** A third of them are read by a silent model too. */
const SILENT_FROM_SLICES = 11;
const slicesOf = (n: number) => (n % 3 === 0 ? SILENT_FROM_SLICES : SILENT_FROM_SLICES - 1);

type Waiting = { readonly runId: string; readonly lane: number; readonly turnAtMs: number };
const inTurn = (a: Waiting, b: Waiting) => a.lane - b.lane || a.turnAtMs - b.turnAtMs || (a.runId < b.runId ? -1 : 1);
const byWait = (a: Waiting, b: Waiting) => a.turnAtMs - b.turnAtMs || (a.runId < b.runId ? -1 : 1);
const isShown = ({ lane }: Waiting) => lane < LANES.silent;

test(
  `${STUDIES} studies while the runner is killed again and again: each ends with a result or a reason, none twice, the urgent first and the silent last`,
  async () => {
    computing = openComputingClinic({ silentFromSlices: SILENT_FROM_SLICES });
    const { clinic, kill, sendHead, start, states, pass } = computing;
    const { db } = clinic;
    const studies = new Map<string, number>();
    const send = async (n: number, priority: RunPriority) =>
      void studies.set(await sendHead(n, hasBloodOf(n), priority, slicesOf(n)), n);
    for (let n = 0; n < STUDIES; n += 1) await send(n, priorityOf(n));
    const startedAt = performance.now();
    let kills = 0;
    start();
    const { least, most } = RUNS_BETWEEN_KILLS;
    let nextKillAt = 1;
    const killSome = (): void => {
      const starts = db.prepare('SELECT count(*) FROM run_attempts').pluck().get() as number;
      if (starts < nextKillAt) return;
      nextKillAt = starts + least + Math.floor(Math.random() * (most - least + 1));
      setTimeout(kill, Math.random() * LONGEST_DELAY_MS);
      kills += 1;
    };
    const killing = setInterval(killSome, 20);
    try {
      const lateAfter = [STUDIES / 3, STUDIES + LATE_STATS + STUDIES / 10];
      for (;;) {
        const { queued = 0, running = 0, finished = 0 } = states();
        if (queued + running === 0) break;
        if (finished > (lateAfter[0] ?? Number.POSITIVE_INFINITY)) {
          lateAfter.shift();
          for (let late = 0; late < LATE_STATS; late += 1) await send(studies.size, 'stat');
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
        pass(100); // what pauses before another try goes on
      }
    } finally {
      clearInterval(killing);
    }
    const tookMs = performance.now() - startedAt;

    // Each ends, with a result or a reason, and once.
    type Row = { runId: string; studyId: string; model: string; state: string; reason: string | null; lane: number };
    const columns = 'run_id AS runId, study_id AS studyId, model_id AS model, r.state, reason, lane';
    const runs = db.prepare(`SELECT ${columns} FROM runs r JOIN models m ON m.digest = r.model_digest`).all() as Row[];
    const [silent = [], shown = []] = [true, false].map((is) =>
      runs.filter(({ model }) => (model === SILENT_MODEL) === is),
    );
    expect(shown.map(({ studyId }) => studyId).toSorted()).toEqual([...studies.keys()].toSorted());
    const readSilently = [...studies].filter(([, n]) => slicesOf(n) >= SILENT_FROM_SLICES);
    expect(silent.map(({ studyId }) => studyId).toSorted()).toEqual(readSilently.map(([id]) => id).toSorted());
    expect(silent.every(({ lane }) => lane === LANES.silent)).toBe(true);
    expect(
      runs.filter(({ state, reason }) => state !== 'finished' && !(state === 'failed' && reason !== null)),
    ).toEqual([]);
    const ends = clinic
      .events()
      .filter(({ kind, payload }) => kind === 'run-finished' || (kind === 'run-failed' && payload['final'] === true));
    expect(ends.map(({ payload }) => String(payload['runId'])).toSorted()).toEqual(
      runs.map(({ runId }) => runId).toSorted(),
    );
    for (const { studyId, state } of shown) {
      const isFlagged = state === 'finished' && hasBloodOf(studies.get(studyId) ?? 0);
      expect(listFindings(db, studyId)).toHaveLength(isFlagged ? 1 : 0);
    }

    // Whatever began was the most urgent of what waited then, and of those what waited longest.
    const laneOf = new Map(runs.map(({ runId, lane }) => [runId, lane]));
    const waiting = new Map<string, Waiting>();
    let [begun, letThrough] = [0, 0];
    for (const { kind, atMs, payload } of clinic.events()) {
      const runId = String(payload['runId']);
      const wait = (turnAtMs: number) => waiting.set(runId, { runId, lane: laneOf.get(runId) ?? 9, turnAtMs });
      if (kind === 'run-queued') wait(atMs);
      if (kind === 'run-preempted')
        wait(clinic.events('run-queued').find((event) => event.payload['runId'] === runId)?.atMs ?? 0);
      // One that pauses is not held against those that begin meanwhile.
      const pausesMs = policyOf(payload['reason'] as 'internal').retryAfterMs[Number(payload['attempt']) - 1] ?? 0;
      if (kind === 'run-failed' && payload['final'] === false && pausesMs === 0) wait(atMs);
      if (kind !== 'run-started') continue;
      const [first] = [...waiting.values()].toSorted(inTurn);
      const run = waiting.get(runId);
      // Past the longest wait, one in so many is let through out of turn: whoever waits longest.
      const isLetThrough = run !== undefined && run !== first && atMs - run.turnAtMs >= LONGEST_WAIT_MS;
      const [longest] = isLetThrough ? [...waiting.values()].filter(isShown).toSorted(byWait) : [];
      if (run !== undefined) expect((isLetThrough ? longest : first)?.runId).toBe(runId);
      if (isLetThrough) letThrough += 1;
      waiting.delete(runId);
      begun += 1;
    }
    const count = (state: string) => runs.filter((run) => run.state === state).length;
    process.stdout.write(
      `${studies.size} studies, ${shown.length} shown and ${silent.length} silent runs, ${kills} kills, ${begun} starts (${letThrough} let through): ${count('finished')} finished, ${count('failed')} not run ` +
        `(${JSON.stringify(
          Object.groupBy(
            runs.flatMap(({ reason }) => reason ?? []),
            (reason) => reason,
          ),
        )}), ${Math.round(tookMs / 1000)} s\n`,
    );
    expect(kills).toBeGreaterThan(0);
    expect(count('finished')).toBeGreaterThan(runs.length / 2);
  },
  3 * 3_600_000,
);
