import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { aiStatus, listFindings } from './index.ts';
import { breakerOf, FAULTS_BEFORE_PAUSE } from './model-breaker.ts';
import { type ComputingClinic, type ComputingWish, openComputingClinic } from './test-runs.ts';

const FAULTY = path.resolve(import.meta.dirname, 'runner/test-faulty-runner.ts');

/** A runner takes most of a second to begin: asking after it more often than this only costs. */
const PATIENT = { timeout: 60_000, interval: 50 } as const;

let computing: ComputingClinic | null = null;
/** What all runners that die share, one after the other: each begins where the one before ended. */
let dying: ComputingClinic | null = null;
let sent = 0;
let orders: string;
beforeAll(() => {
  orders = path.join(mkdtempSync(path.join(tmpdir(), 'wetread-orders-')), 'orders');
  process.env['FAULTY_RUNNER'] = orders;
});
afterEach(async () => {
  await computing?.close();
  computing = null;
});
afterAll(async () => {
  delete process.env['FAULTY_RUNNER'];
  await dying?.close();
  rmSync(path.dirname(orders), { recursive: true });
});

const order = (step: string, times: number) => writeFileSync(orders, `${step} ${times}`);
function open(step: string, times: number, limits: ComputingWish['limits'] = {}): ComputingClinic {
  order(step, times);
  computing = openComputingClinic({ limits, runner: FAULTY });
  return computing;
}
const status = (id: string, of = computing) => aiStatus((of as ComputingClinic).clinic.db, id);
const becomes = (id: string, said: unknown, of = computing) => expect.poll(() => status(id, of), PATIENT).toEqual(said);

/** The clinic of the runners that die, with its next orders given and a study with blood sent. */
async function orderDeath(step: string, times: number) {
  order(step, times);
  const isFirst = dying === null;
  const shared = (dying ??= openComputingClinic({ runner: FAULTY }));
  const send = (hasBlood: boolean) => shared.sendHead((sent += 1), hasBlood);
  const id = await send(true);
  if (isFirst) shared.start();
  else if (step === 'starting') shared.kill();
  return { ...shared, id, send };
}
// The runner killed at each step of a run: the run is done again, once, and says what it would have said.
test.each([
  'starting',
  'taking-the-run',
  'reading',
  'computing',
  'segfault',
  'leaving-masks',
  'before-the-answer',
  'after-the-answer',
])('a runner that dies %s loses nothing and tells nothing twice', async (step) => {
  const { clinic, id, send } = await orderDeath(step, 1);
  await expect.poll(() => status(id, dying).state, PATIENT).toBe('flagged');
  const states = clinic.db.prepare('SELECT state FROM runs WHERE study_id = ?').pluck().all(id);
  expect([states, listFindings(clinic.db, id).length]).toEqual([['finished'], 1]);
  expect(readFileSync(orders, 'utf8')).toBe(`${step} 0`);
  expect(clinic.events('run-finished').filter(({ studyId }) => studyId === id)).toHaveLength(1);
  await becomes(await send(false), { state: 'no-flag', readSeries: 1, eligibleSeries: 1 }, dying);
});

test('a run that takes the runner down each time is given up after three tries, and the next study is read', async () => {
  const { clinic, id, send } = await orderDeath('segfault', 3);
  await becomes(id, { state: 'not-run', reason: 'runner-crashed' }, dying);
  const failed = clinic.events('run-failed').filter(({ studyId }) => studyId === id);
  expect(failed.map(({ payload }) => payload['final'])).toEqual([false, false, true]);
  const next = await send(true);
  await expect.poll(() => status(next, dying).state, PATIENT).toBe('flagged');
});

test('a model that hangs is ended at its budget, tried once more later, and says so meanwhile', async () => {
  const { sendHead, start, pass } = open('hang', 1, { toleranceMs: 1000, budgetMs: 3000 });
  const id = await sendHead(1, true);
  start();
  await becomes(id, { state: 'not-run', reason: 'over-budget' });
  pass(60_001);
  await expect.poll(() => status(id).state, PATIENT).toBe('flagged');
});

test('a model that takes more and more memory is ended before the machine is, by name', async () => {
  const { sendHead, start, pass } = open('leak', 1, { memoryMb: 64 });
  const id = await sendHead(1, true);
  start();
  await becomes(id, { state: 'not-run', reason: 'over-memory' });
  pass(60_001);
  await expect.poll(() => status(id).state, PATIENT).toBe('flagged');
});

test.each([
  ['not-a-number', 'bad-output'],
  ['throw', 'model-failed'],
])('a model whose answer is %s is not run: %s, and paused when it goes on so', async (step, reason) => {
  const { clinic, sendHead, start } = open(step, FAULTS_BEFORE_PAUSE);
  const ids: string[] = [];
  for (let n = 0; n <= FAULTS_BEFORE_PAUSE; n += 1) ids.push(await sendHead(n, true));
  start();
  await becomes(ids.at(-1) ?? '', { state: 'not-run', reason: 'model-paused' });
  expect(ids.slice(0, -1).map((id) => status(id))).toEqual(ids.slice(0, -1).map(() => ({ state: 'not-run', reason })));
  const digest = clinic.events('model-paused')[0]?.payload['digest'];
  expect(breakerOf(clinic.db, String(digest)).state).toBe('open');
});

test('a run that needs more memory than there is waits for it, and says so', async () => {
  const { clinic, sendHead, start } = open('none', 0, { memoryMb: 2 ** 30 });
  const id = await sendHead(1, true);
  start();
  await becomes(id, { state: 'not-run', reason: 'low-memory' });
  expect(clinic.events('run-failed').map(({ payload }) => payload['final'])).toEqual([false]);
});
