import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchedClock } from '../clock.ts';
import { openLog } from '../log.ts';
import { onCommit, inTransaction } from '../store/transaction.ts';
import { planOf } from '../store/test-plan.ts';
import { openTestStore, type TestStore } from '../store/test-store.ts';
import { cancelJob, createJobRunner, type Job, type JobHandler, LIST_DUE, scheduleJob } from './jobs.ts';

let store: TestStore;
let nowMs: number;
let done: string[];
let logged: string[];

beforeEach(() => {
  store = openTestStore();
  nowMs = 1000;
  done = [];
  logged = [];
});
afterEach(() => store.close());

const schedule = (subjectId: string, dueAtMs: number, kind = 'note') =>
  scheduleJob(store.db, { kind, subjectId, siteId: 's', dueAtMs });
const rows = () =>
  store.db
    .prepare('SELECT kind, subject_id AS subjectId, due_at_ms AS dueAtMs, attempts FROM jobs ORDER BY due_at_ms')
    .all();
const note: JobHandler = (_db, job) => done.push(job.subjectId);
function runner(handlers: Readonly<Record<string, JobHandler>> = { note }) {
  const log = openLog('info', { write: (line: string) => logged.push(line) });
  return createJobRunner(store.db, handlers, { clock: { nowMs: () => nowMs }, log });
}

test('finds what is due by the index and sorts nothing', () => {
  expect(planOf(store.db, LIST_DUE)).toEqual(['SEARCH jobs USING INDEX jobs_by_due (due_at_ms<?)']);
});

test('does what is due, in the order of its time, and leaves the rest', () => {
  schedule('late', 900);
  schedule('later', 1000);
  schedule('earliest', 100);
  schedule('not yet', 1001);
  runner().runDue();
  expect([done, rows()]).toEqual([
    ['earliest', 'late', 'later'],
    [{ kind: 'note', subjectId: 'not yet', dueAtMs: 1001, attempts: 0 }],
  ]);
});

test('one job of a kind for a subject: scheduling again moves it, cancelling takes it away', () => {
  schedule('a', 500);
  schedule('a', 2000);
  schedule('b', 500);
  schedule('b', 600, 'other');
  cancelJob(store.db, 'note', 'b');
  expect(rows()).toMatchObject([
    { kind: 'other', subjectId: 'b' },
    { kind: 'note', subjectId: 'a', dueAtMs: 2000 },
  ]);
});

test('a job that fails falls with its writes, waits longer each time and never past five minutes', () => {
  schedule('a', 500);
  const failing = runner({
    note(db) {
      db.prepare("INSERT INTO station_facts VALUES ('half', '')").run();
      throw new Error('Doe^Jane');
    },
  });
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    failing.runDue();
    const [job] = rows() as Job[];
    pauses.push((job?.dueAtMs ?? 0) - nowMs);
    nowMs = job?.dueAtMs ?? 0;
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000]);
  expect(store.db.prepare('SELECT * FROM station_facts').all()).toEqual([]);
  expect(logged).toHaveLength(12);
  expect(logged.join('')).not.toContain('Jane');
});

test('a job nobody handles is kept, postponed and logged', () => {
  schedule('a', 500, 'unknown');
  schedule('b', 600);
  runner().runDue();
  expect([done, rows()]).toMatchObject([['b'], [{ kind: 'unknown', attempts: 1, dueAtMs: 2000 }]]);
});

test('does not do what an earlier job of the same round took away or put off', () => {
  schedule('a', 100, 'first');
  schedule('b', 200);
  schedule('c', 300);
  runner({
    note,
    first(db) {
      cancelJob(db, 'note', 'b');
      scheduleJob(db, { kind: 'note', subjectId: 'c', siteId: 's', dueAtMs: 5000 });
    },
  }).runDue();
  expect([done, rows()]).toMatchObject([[], [{ subjectId: 'c', dueAtMs: 5000 }]]);
});

test('wakes when the next job is due, also one written after it went to sleep; a stop leaves rows', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const jobs = runner();
    onCommit(store.db, jobs.notify);
    jobs.start();
    inTransaction(store.db, () => schedule('a', 1500));
    const pass = (ms: number) => {
      nowMs += ms;
      vi.advanceTimersByTime(ms);
    };
    pass(499);
    expect(done).toEqual([]);
    pass(1);
    expect(done).toEqual(['a']);
    inTransaction(store.db, () => schedule('b', nowMs + 100));
    jobs.stop();
    pass(60_000);
    expect([done, rows()]).toMatchObject([['a'], [{ subjectId: 'b' }]]);
  } finally {
    vi.useRealTimers();
  }
});

test('a full disk is no fault of a job: it stays as it is, and so do those after it', () => {
  schedule('a', 500, 'full');
  schedule('b', 600);
  runner({
    note,
    full: () => {
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    },
  }).runDue();
  expect([done, logged, rows()]).toMatchObject([
    [],
    [],
    [
      { subjectId: 'a', dueAtMs: 500, attempts: 0 },
      { subjectId: 'b', dueAtMs: 600, attempts: 0 },
    ],
  ]);
});

test.each([
  ['back an hour', -3_600_000],
  ['forward an hour', 3_600_000],
])('what waits for silence waits neither longer nor shorter when the clock is set %s', (_what, byMs) => {
  let steadyMs = 0;
  const clock = watchedClock(
    () => nowMs,
    () => steadyMs,
  );
  const pass = (ms: number) => {
    nowMs += ms;
    steadyMs += ms;
  };
  nowMs = 10_000_000;
  const dues: number[] = [];
  const log = openLog('info', { write: (line: string) => logged.push(line) });
  const jobs = createJobRunner(store.db, { note: (_db, job, atMs) => dues.push(atMs - job.dueAtMs) }, { clock, log });
  jobs.start();
  schedule('before', clock.nowMs() + 180_000);
  pass(60_000);
  nowMs += byMs;
  schedule('after', clock.nowMs() + 180_000);
  pass(119_999);
  jobs.runDue();
  expect(dues).toEqual([]);
  pass(1);
  jobs.runDue();
  expect(dues).toEqual([0]);
  pass(60_000);
  jobs.runDue();
  expect(dues).toEqual([0, 0]);
  jobs.stop();
  expect(logged.join('')).toContain('clock-set');
  // A stopped runner is told no more.
  schedule('left', clock.nowMs() + 1000);
  const left = rows();
  nowMs += byMs;
  clock.nowMs();
  expect(rows()).toEqual(left);
});

test('a clock that is slewed by a little moves nothing', () => {
  let steadyMs = 0;
  const jumps: number[] = [];
  const clock = watchedClock(
    () => nowMs,
    () => steadyMs,
  );
  clock.onJump?.((byMs) => jumps.push(byMs));
  for (let n = 0; n < 100; n += 1) {
    nowMs += 1100;
    steadyMs += 1000;
    clock.nowMs();
  }
  expect(jumps).toEqual([]);
  nowMs -= 5000;
  expect([clock.nowMs(), jumps]).toEqual([nowMs, [-5000]]);
});
