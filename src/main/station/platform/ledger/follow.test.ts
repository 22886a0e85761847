import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../../../../test/eventually.ts';
import { openLog } from '../log.ts';
import { DATABASE_KEY_BYTES, openWriter, type WritableDb } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/index.ts';
import { inTransaction } from '../store/transaction.ts';
import { appendEvent } from './append.ts';
import { type LedgerEvent, serviceActor } from './event.ts';
import { type Consumer, followLedger } from './follow.ts';
import { appendNumbered, openTestLedger, type TestLedger } from './test-ledger.ts';

const clock = { nowMs: () => 7 };
let ledger: TestLedger;
let logged: string[];
let tools: Parameters<typeof followLedger>[2];

beforeEach(() => {
  ledger = openTestLedger();
  logged = [];
  tools = { clock, log: openLog('info', { write: (line: string) => logged.push(line) }) };
});
afterEach(() => ledger.close());

/** Notes each event it takes in a row that falls with the transaction. */
function noting(
  name: string,
  startsFrom: Consumer['startsFrom'] = 'beginning',
  before: (event: LedgerEvent) => void = () => undefined,
): Consumer {
  return {
    name,
    startsFrom,
    handle(db, event) {
      before(event);
      db.prepare('INSERT OR IGNORE INTO station_facts VALUES (?, ?)').run(`${name} ${event.seq}`, '');
    },
  };
}
const noted = (name: string, db: WritableDb = ledger.db) =>
  db
    .prepare('SELECT name FROM station_facts WHERE name LIKE ? ORDER BY rowid')
    .all(`${name} %`)
    .map((row) => Number((row as { name: string }).name.split(' ')[1]));
const append = (count: number) => Array.from({ length: count }, (_, number) => appendNumbered(ledger.db, number));

test('what one consumer adds reaches the next one in the same step, and each event is parsed once for both', () => {
  append(2);
  const seen: LedgerEvent[] = [];
  const adding = noting('adding', 'beginning', (event) => void (event.seq === 2 && append(1)));
  const [first, second] = ['first', 'second'].map((name) =>
    noting(name, 'beginning', (event) => void seen.push(event)),
  );
  if (first === undefined || second === undefined) throw new Error('two consumers');
  const followers = followLedger(ledger.db, [adding, first, second], tools);
  followers.catchUp();
  expect([noted('adding'), noted('first'), noted('second')]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(seen.map(({ seq }) => seq)).toEqual([1, 2, 3, 1, 2, 3]);
  for (const [index, event] of seen.slice(0, 3).entries()) expect(event).toBe(seen[index + 3]);
});

test('gives every consumer every event once, in order, over many batches', () => {
  append(150);
  const followers = followLedger(ledger.db, [noting('a'), noting('b')], tools);
  expect(followers.lags()).toEqual({ a: 150, b: 150 });
  followers.catchUp();
  const all = Array.from({ length: 150 }, (_, index) => index + 1);
  expect([noted('a'), noted('b'), followers.lags()]).toEqual([all, all, { a: 0, b: 0 }]);
  followers.catchUp();
  expect(noted('a')).toHaveLength(150);
});

test('a consumer starts from the beginning or from its registration, as it says', () => {
  append(3);
  const followers = followLedger(ledger.db, [noting('all'), noting('new', 'registration')], tools);
  append(2);
  followers.catchUp();
  expect([noted('all'), noted('new')]).toEqual([
    [1, 2, 3, 4, 5],
    [4, 5],
  ]);
});

/** Builds in three steps from what is, and notes how far the others had come by then. */
function building(name: string, other: string, steps: string[]): Consumer {
  return {
    ...noting(name),
    buildSome(db, from) {
      steps.push(`${from}:${noted(other).length}`);
      db.prepare('INSERT OR IGNORE INTO station_facts VALUES (?, ?)').run(`built ${steps.length}`, '');
      return from === '' ? 'a' : from === 'a' ? 'b' : null;
    },
  };
}

test('a consumer at its beginning is built from the present once the others came to the end, and follows from there', () => {
  append(3);
  const steps: string[] = [];
  const consumers = [building('rows', 'others', steps), noting('others')];
  followLedger(ledger.db, consumers, tools).catchUp();
  expect([steps, noted('rows'), noted('built')]).toEqual([[':3', 'a:3', 'b:3'], [], [1, 2, 3]]);
  append(2);
  const again = followLedger(ledger.db, consumers, tools);
  again.catchUp();
  expect([steps.length, noted('rows'), again.lags()]).toEqual([3, [4, 5], { rows: 0, others: 0 }]);
});

test('nothing is built from the present while a full disk keeps the others from it', () => {
  append(3);
  const steps: string[] = [];
  let isFull = true;
  const others: Consumer = {
    ...noting('others'),
    handle(db, event) {
      if (isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      noting('others').handle(db, event);
    },
  };
  const followers = followLedger(ledger.db, [building('rows', 'others', steps), others], tools);
  followers.catchUp();
  expect([steps, followers.lags()]).toEqual([[], { rows: 3, others: 3 }]);
  isFull = false;
  followers.catchUp();
  expect([steps, followers.lags()]).toEqual([[':3', 'a:3', 'b:3'], { rows: 0, others: 0 }]);
});

test('what cannot be built from the present is followed event by event, and said in the log', () => {
  append(3);
  const rows: Consumer = {
    ...noting('rows'),
    buildSome(db, from) {
      db.prepare('INSERT INTO station_facts VALUES (?, ?)').run(`built ${from.length + 1}`, '');
      if (from === 'a') throw new Error('cannot be built');
      return 'a';
    },
  };
  const followers = followLedger(ledger.db, [rows], tools);
  followers.catchUp();
  // The step before is there, the one that failed is not.
  expect([noted('built'), noted('rows'), followers.lags()]).toEqual([[1], [1, 2, 3], { rows: 0 }]);
  expect(logged.join('')).toContain('building-from-present-failed');
});

test('goes on from the cursor after a restart', () => {
  append(3);
  followLedger(ledger.db, [noting('a')], tools).catchUp();
  append(2);
  const taken: number[] = [];
  const again = followLedger(ledger.db, [noting('a', 'registration', ({ seq }) => taken.push(seq))], tools);
  again.catchUp();
  expect([taken, again.cursors()]).toEqual([[4, 5], [{ consumer: 'a', seq: 5 }]]);
});

test('is nudged by a commit, and not before it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }); // the poll behind the nudges never comes
  onTestFinished(() => void vi.useRealTimers());
  const followers = followLedger(ledger.db, [noting('a')], tools);
  followers.start();
  append(1);
  expect(noted('a')).toEqual([]);
  await eventually(() => expect(noted('a')).toEqual([1]));
  followers.stop();
  append(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(noted('a')).toEqual([1]);
  followers.start();
  await eventually(() => expect(noted('a')).toEqual([1, 2]));
  followers.stop();
});

test('under a stream of objects rests a tenth of a second, and of anything else hears sooner', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const receive = () =>
    inTransaction(ledger.db, () =>
      appendEvent(ledger.db, {
        kind: 'instance-received',
        payload: { instanceId: 'i', seriesId: 'x', digest: 'd', outcome: 'new', intent: 'new', revision: 1 },
        ...{ siteId: null, actor: serviceActor('test'), correlationId: 'c', atMs: 0 },
      }),
    );
  const followers = followLedger(ledger.db, [noting('a')], tools);
  followers.start();
  receive();
  await vi.advanceTimersByTimeAsync(1);
  expect(noted('a')).toEqual([1]);
  await vi.advanceTimersByTimeAsync(100);
  receive();
  await vi.advanceTimersByTimeAsync(1);
  expect(noted('a')).toEqual([1, 2]);
  receive();
  receive();
  await vi.advanceTimersByTimeAsync(90);
  expect(noted('a')).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(10);
  expect(noted('a')).toEqual([1, 2, 3, 4]);
  receive();
  append(1);
  await vi.advanceTimersByTimeAsync(20);
  expect(noted('a')).toEqual([1, 2, 3, 4, 5, 6]);
  followers.stop();
});

test('polls, should a nudge be lost', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] });
  try {
    const followers = followLedger(ledger.db, [noting('a')], tools);
    followers.start();
    vi.advanceTimersByTime(0);
    // Another connection writes: nobody tells this one.
    ledger.db.exec('BEGIN');
    appendNumbered(ledger.db, 1);
    ledger.db.exec('COMMIT');
    expect(noted('a')).toEqual([]);
    vi.advanceTimersByTime(1001);
    expect(noted('a')).toEqual([1]);
    followers.stop();
  } finally {
    vi.useRealTimers();
  }
});

test('takes the events of a failed batch back, then one by one, and comes through a failure that passes', () => {
  append(10);
  let failures = 0;
  const flaky = noting('a', 'beginning', ({ seq }) => {
    if (seq === 6 && failures < 3) {
      failures += 1;
      throw new Error('not yet');
    }
  });
  const followers = followLedger(ledger.db, [flaky], tools);
  followers.catchUp();
  expect([noted('a'), followers.parked(), failures]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0, 3]);
});

test('parks an event after its fifth failure, says so in the ledger and the log, and goes on; others are not held up', () => {
  append(4);
  let attempts = 0;
  const broken = noting('broken', 'beginning', ({ seq }) => {
    if (seq !== 2) return;
    attempts += 1;
    throw new Error('Doe^Jane is in this message');
  });
  const followers = followLedger(ledger.db, [broken, noting('well')], tools);
  followers.catchUp();
  const parked = ledger.db.prepare('SELECT * FROM parked_events').all() as { incident_id: string }[];
  const incidentId = parked[0]?.incident_id;
  expect(parked).toEqual([{ consumer: 'broken', seq: 2, incident_id: incidentId, parked_at_ms: 7 }]);
  expect(noted('broken')).toEqual([1, 3, 4, 5]);
  expect(noted('well')).toEqual([1, 2, 3, 4, 5]);
  const told = ledger.db
    .prepare("SELECT seq, payload FROM events JOIN event_payloads USING (seq) WHERE kind = 'event-parked'")
    .all();
  expect(told).toEqual([{ seq: 5, payload: `{"consumer":"broken","incidentId":"${incidentId}","seq":2}` }]);
  expect([followers.parked(), followers.lags()]).toEqual([1, { broken: 0, well: 0 }]);
  expect(logged.some((line) => line.includes(String(incidentId)))).toBe(true);
  expect(logged.join('')).not.toContain('Jane');
  expect(attempts).toBeGreaterThanOrEqual(5);
});

test('parks an event of a kind this build does not know', () => {
  append(1);
  ledger.db.exec("UPDATE events SET kind = 'from-the-future'");
  const followers = followLedger(ledger.db, [noting('a')], tools);
  followers.catchUp();
  expect([followers.parked(), noted('a')]).toEqual([1, [2]]);
});

test('loses nothing when the process is killed between a commit and its consumption', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-killed-'));
  const file = path.join(folder, 'station.db');
  const key = randomBytes(DATABASE_KEY_BYTES);
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'test-killed-follower.ts'), file, key.toString('hex')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(line.toString()).toBe('committed 5, consumed 2\n');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const opened = openWriter(file, key);
  if (!opened.ok) throw new Error(opened.error.code);
  const db = opened.value;
  migrate(db, MIGRATIONS);
  expect(noted('a', db)).toEqual([1, 2]);
  const followers = followLedger(db, [noting('a')], tools);
  expect(followers.lags()).toEqual({ a: 3 });
  followers.catchUp();
  expect(noted('a', db)).toEqual([1, 2, 3, 4, 5]);
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a hand-made nested transaction nudges nobody until it is whole', () => {
  const followers = followLedger(ledger.db, [noting('a')], tools);
  inTransaction(ledger.db, () => {
    append(2);
    expect(followers.lags()).toEqual({ a: 2 });
  });
  followers.catchUp();
  expect(noted('a')).toEqual([1, 2]);
});

test('a full disk is no fault of an event: it is never parked for it, and goes on once there is room', () => {
  append(3);
  let isFull = true;
  const followers = followLedger(
    ledger.db,
    [
      noting('a', 'beginning', () => {
        if (isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      }),
    ],
    tools,
  );
  for (let attempt = 0; attempt < 10; attempt += 1) followers.catchUp();
  expect([followers.parked(), followers.lags(), logged]).toEqual([0, { a: 3 }, []]);
  expect(followers.behindMs()).toBe(Number.POSITIVE_INFINITY);
  isFull = false;
  followers.catchUp();
  expect([noted('a'), followers.behindMs()]).toEqual([[1, 2, 3], 0]);
  isFull = true;
  append(1);
  followers.catchUp();
  expect(followers.behindMs()).toBeGreaterThan(0);
  expect(followers.behindMs()).toBeLessThan(30_000);
});

test('consumers that fail on every event park them all and come to an end', () => {
  append(2);
  const failing = (name: string) =>
    noting(name, 'beginning', () => {
      throw new Error('always');
    });
  const followers = followLedger(ledger.db, [failing('one'), failing('two')], tools);
  followers.catchUp();
  // Two events, parked by each, told by four more; those are parked by each and told by none.
  expect([followers.parked(), followers.lags()]).toEqual([12, { one: 0, two: 0 }]);
});
