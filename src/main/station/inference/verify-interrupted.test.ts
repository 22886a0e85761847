import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { countUnusableModels } from './count-models.ts';
import { findModelProvider, listVerifications } from './golden-results.ts';
import { aiStatus, listModels, listPackageFaults } from './index.ts';
import { type ComputingClinic, openComputingClinic } from './test-runs.ts';

// Golden cases are proof only when they came to an end: whatever stops them leaves a model that is neither trusted nor forgotten.

let computing: ComputingClinic | null = null;
afterEach(async () => {
  await computing?.close();
  computing = null;
});

const HALF_HOUR_MS = 30 * 60_000;
const stateOf = ({ clinic }: ComputingClinic) => listModels(clinic.db)[0]?.state;
const digestOf = ({ clinic }: ComputingClinic) => listModels(clinic.db)[0]?.digest ?? '';

/** Ends the runner each time it was told to replay golden cases, until the model is no longer waiting for that. */
async function killEachTime(one: ComputingClinic, times: number): Promise<void> {
  for (let killed = 0; killed < times; killed += 1) {
    await eventually(() => expect(one.loads()).toBeGreaterThan(killed));
    one.kill();
  }
}

test('a runner that is killed while it replays golden cases leaves a model that is not trusted; it is tried again, and reads then', async () => {
  computing = openComputingClinic();
  const one = computing;
  const study = await one.sendHead(1, true);
  one.start();
  await killEachTime(one, 1);
  expect([stateOf(one), findModelProvider(one.clinic.db, digestOf(one))]).toEqual(['installed', null]);
  expect([one.states(), aiStatus(one.clinic.db, study).state]).toEqual([{ queued: 1 }, 'waiting']);
  await eventually(() => expect(one.states()['finished']).toBe(1));
  expect([stateOf(one), listVerifications(one.clinic.db, digestOf(one))[0]?.code]).toEqual(['verified', null]);
  expect(aiStatus(one.clinic.db, study).state).toBe('flagged');
});

test('one that is killed each time says so and reads nothing, and is tried again by itself later', async () => {
  computing = openComputingClinic();
  const one = computing;
  const { db } = one.clinic;
  const study = await one.sendHead(1, true);
  one.start();
  await killEachTime(one, 2);
  await eventually(() => expect(stateOf(one)).toBe('broken'));
  await eventually(() => expect(one.states()['failed']).toBe(1));
  expect(aiStatus(db, study)).toMatchObject({ state: 'not-run', reason: 'model-unavailable' });
  expect([findModelProvider(db, digestOf(one)), countUnusableModels(db)]).toEqual([null, 1]);
  expect(listVerifications(db, digestOf(one)).map(({ code }) => code)).toEqual(['runner-crashed']);
  expect(listPackageFaults(db).map(({ code }) => code)).toEqual(['runner-crashed']);
  one.pass(HALF_HOUR_MS);
  await eventually(() => expect(stateOf(one)).toBe('verified'));
  const next = await one.sendHead(2, true);
  await eventually(() => expect(aiStatus(db, next).state).toBe('flagged'));
});

test('a database that is full when golden results are written trusts nothing, and verifies once there is room', async () => {
  computing = openComputingClinic();
  const one = computing;
  const { db } = one.clinic;
  await one.sendHead(1, true);
  // As large as it may get: what needs one page more fails, as on a disk without room.
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.exec('CREATE TABLE filler (bytes BLOB) STRICT');
  db.exec(
    'CREATE TRIGGER fills AFTER INSERT ON golden_results BEGIN INSERT INTO filler VALUES (zeroblob(1000000)); END',
  );
  db.pragma(`max_page_count = ${pages + 10}`);
  one.start();
  await eventually(() => expect(one.clinic.logged()).toContain('run-worker-failed'));
  expect([stateOf(one), findModelProvider(db, digestOf(one)), listVerifications(db, digestOf(one))]).toEqual([
    'installed',
    null,
    [],
  ]);
  expect(one.states()).toEqual({ queued: 1 });
  expect(one.clinic.logged()).toContain('SQLITE_FULL');
  db.pragma('max_page_count = 1000000000');
  await eventually(() => expect(one.states()['finished']).toBe(1));
  expect(stateOf(one)).toBe('verified');
});
