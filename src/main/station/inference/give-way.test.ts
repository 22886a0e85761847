import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { err, ok } from '../../../shared/domain/result.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { onCommit } from '../platform/store/transaction.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishedRun, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { aiStatus, inferenceConsumer, setRunPriority } from './index.ts';
import { MOST_PREEMPTIONS } from './preemption.ts';
import { LANES } from './run-order.ts';
import { getRun } from './run-rows.ts';
import { createRunWorker, type RunWorker } from './run-worker.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';

type RunAnswer = Awaited<ReturnType<RunnerSupervisor['run']>>;
type LoadAnswer = Awaited<ReturnType<RunnerSupervisor['load']>>;

let clinic: Clinic;
let outboxDir: string;
let worker: RunWorker;
let forget: () => void;
/** What computes: its run, and the way to answer it. */
let computing: { readonly runId: string; readonly answer: (answer: RunAnswer) => void } | null;

beforeEach(() => {
  clinic = openClinic();
  outboxDir = mkdtempSync(path.join(tmpdir(), 'wetread-outbox-'));
  installed(clinic, 'general', {});
  computing = null;
  const verified = ok({ provider: 'cpu', golden: [{ name: 'case', passed: true, largestDeviation: 0 }] });
  const supervisor = {
    load: () => Promise.resolve(verified as unknown as LoadAnswer),
    run: ({ runId }: { runId: string }) =>
      new Promise<RunAnswer>((answer) => {
        computing = { runId, answer };
      }),
    // As the runner does between two steps of a run.
    cancel: (runId: string) => computing?.runId === runId && computing.answer(err({ code: 'cancelled' })),
    expect: () => undefined,
    stop: () => {
      computing?.answer(err({ code: 'runner-unavailable' }));
      return Promise.resolve();
    },
    state: () => ({ state: 'stopped' }),
  } as unknown as RunnerSupervisor;
  const { db, log, archive } = clinic;
  worker = createRunWorker({
    ...{ db, log, supervisor, outboxDir, objects: archive.objects, clock: archive.clock },
    suspect: () => undefined,
    ended: () => undefined,
  });
  forget = onCommit(db, worker.notify);
  worker.start();
});
afterEach(async () => {
  forget();
  await worker.stop();
  clinic.close();
  rmSync(outboxDir, { recursive: true, force: true });
});

async function sendStudy(n: number, priority: 'routine' | 'urgent' | 'stat'): Promise<string> {
  clinic.pass(10);
  const study = { StudyInstanceUID: `1.2.80.${n}`, PatientID: `P${n}` };
  const id = await clinic.send([1, 2, 3, 4, 5].map((slice) => aSlice(slice, study)));
  setRunPriority(clinic.db, id, 'triage', priority, clinic.nowMs());
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  return id;
}
const studyComputing = () => (computing === null ? null : getRun(clinic.db, computing.runId).studyId);
const computes = (id: string) => expect.poll(studyComputing).toBe(id);
function finish(): void {
  if (computing === null) throw new Error('nothing computes');
  const { runId, answer } = computing;
  computing = null;
  answer(ok(finishedRun(getRun(clinic.db, runId), 0.1)));
}

test('a routine run gives way to a STAT study, keeps its place, and its attempt does not count', async () => {
  const routine = await sendStudy(1, 'routine');
  await computes(routine);
  const other = await sendStudy(2, 'routine');
  const stat = await sendStudy(3, 'stat');
  await computes(stat);
  expect(aiStatus(clinic.db, routine).state).toBe('waiting');
  finish();
  await computes(routine);
  expect(getRun(clinic.db, computing?.runId ?? '')).toMatchObject({ attempts: 1, preemptions: 1 });
  finish();
  await computes(other);
  expect(clinic.events('run-preempted').map(({ studyId }) => studyId)).toEqual([routine]);
  expect(clinic.events('run-failed')).toEqual([]);
});

test('an urgent study does not take the place of a routine run', async () => {
  const routine = await sendStudy(1, 'routine');
  await computes(routine);
  await sendStudy(2, 'urgent');
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(studyComputing()).toBe(routine);
});

test('a study that turns STAT while it waits takes the place of what computes', async () => {
  const routine = await sendStudy(1, 'routine');
  await computes(routine);
  const turning = await sendStudy(2, 'routine');
  setRunPriority(clinic.db, turning, 'asked', 'stat', clinic.nowMs());
  await expect.poll(studyComputing).toBe(turning);
});

test('a run gives way so often and no oftener', async () => {
  const routine = await sendStudy(0, 'routine');
  const most = MOST_PREEMPTIONS[LANES.routine] ?? 0;
  for (let n = 1; n <= most; n += 1) {
    await computes(routine);
    const stat = await sendStudy(n, 'stat');
    await computes(stat);
    finish();
  }
  await computes(routine);
  await sendStudy(99, 'stat');
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(studyComputing()).toBe(routine);
});

test('a run let finish because it is nearly done gives way once it takes much longer than its model usually does', async () => {
  const usage = () => clinic.db.prepare('SELECT took_ms AS tookMs FROM model_usage').all();
  await computes(await sendStudy(1, 'routine'));
  finish();
  await expect.poll(usage).toHaveLength(1);
  clinic.db.exec('UPDATE model_usage SET took_ms = 900'); // nearly done from the first look on, overdue after 1350
  await computes(await sendStudy(2, 'routine'));
  await computes(await sendStudy(3, 'stat'));
});
