import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { packageFault, refusePackage } from '../../../shared/domain/package-fault.ts';
import { err, ok } from '../../../shared/domain/result.ts';
import { getStudyCard, moveStudy } from '../archive/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aManifest, finishedRun, packageOf } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import {
  aiStatus,
  exposeModels,
  inferenceConsumer,
  installModels,
  listFindings,
  listModels,
  listRuns,
} from './index.ts';
import { findRunWithReceipt } from './receipts.ts';
import { nextQueuedRun } from './run-order.ts';
import { createRunWorker, type RunWorker } from './run-worker.ts';
import { packageDigest } from './package-digest.ts';
import type { Run } from './run-rows.ts';
import type { RunMask } from './run-answer.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';
import { ageAt } from './series-refusals.ts';

type RunAnswer = Awaited<ReturnType<RunnerSupervisor['run']>>;
type LoadAnswer = Awaited<ReturnType<RunnerSupervisor['load']>>;
type RunRequest = Parameters<RunnerSupervisor['run']>[0];

let clinic: Clinic;
let outboxDir: string;
let worker: RunWorker | null;
let asked: RunRequest[];
let ended: string[];
let suspected: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clinic = openClinic();
  outboxDir = mkdtempSync(path.join(tmpdir(), 'wetread-outbox-'));
  worker = null;
  asked = [];
  ended = [];
  suspected = [];
});
afterEach(async () => {
  await worker?.stop();
  clinic.close();
  rmSync(outboxDir, { recursive: true, force: true });
  vi.useRealTimers();
});

const MANIFEST = aManifest();
const VERIFIED = { golden: [{ name: 'case', passed: true, largestDeviation: 0 }], provider: 'cpu' };
const loadedAs = (golden: boolean) =>
  ok({ ...VERIFIED, golden: [{ name: 'case', passed: golden, largestDeviation: 1 }] }) as unknown as LoadAnswer;
/** A run as the runner's answer names it. */
const named = (request: RunRequest) =>
  ({ runId: request.runId, modelDigest: packageDigest(MANIFEST) }) as unknown as Run;

/** Starts a worker whose runner answers as scripted: each list once, its last answer for ever. */
function start(
  run: readonly ((request: RunRequest) => RunAnswer)[],
  load: readonly LoadAnswer[] = [loadedAs(true)],
): void {
  let loads = 0;
  const supervisor = {
    load: () => Promise.resolve(load[Math.min(loads++, load.length - 1)]),
    run: (request: RunRequest) => {
      asked.push(request);
      const answer = run[Math.min(asked.length - 1, run.length - 1)];
      if (answer === undefined) throw new Error('no answer is scripted');
      return Promise.resolve(answer(request));
    },
    expect: () => undefined,
    stop: () => Promise.resolve(),
    state: () => ({ state: 'stopped' }),
  } as unknown as RunnerSupervisor;
  const { db, log, archive } = clinic;
  worker = createRunWorker({
    db,
    log,
    supervisor,
    outboxDir,
    objects: archive.objects,
    clock: archive.clock,
    suspect: (digest) => suspected.push(digest),
    ended: (state) => ended.push(state),
  });
  worker.start();
}

async function sendHead(): Promise<string> {
  installModels(clinic.db, [packageOf(MANIFEST)], 0);
  exposeModels(clinic.db, clinic.north.siteId, true, 0);
  const id = await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n)));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  return id;
}
/** Lets time and the worker go on until the check holds. */
async function until(check: () => void): Promise<void> {
  const untilMs = performance.now() + 30_000;
  for (;;) {
    try {
      check();
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
    vi.advanceTimersByTime(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('verifies a model before it works with it, hands over what is stored and records the answer', async () => {
  const id = await sendHead();
  start([(request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
  expect(listModels(clinic.db).map(({ state }) => state)).toEqual(['verified']);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    packageDir: '/models/bleed',
    modelDigest: MANIFEST.modelDigest,
    series: { seriesUid: '1.2.10.1' },
  });
  expect(asked[0]?.series.instances.map(({ sopUid, encoding }) => [sopUid, encoding])).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => [`1.2.10.1.${n}`, SEALED]),
  );
  expect([ended, clinic.events('model-verified')]).toMatchObject([['finished'], [{ payload: { goldenCases: 1 } }]]);
});

test('a study given to another patient is computed with that one’s age and sex, and its receipt says so', async () => {
  const id = await sendHead();
  const johns = await clinic.send([
    aSlice(1, {
      ...{ StudyInstanceUID: '1.2.20', PatientID: '99', PatientName: 'Roe^John', PatientBirthDate: '19500505' },
      PatientSex: 'm ',
    }),
  ]);
  const said = { siteId: clinic.north.siteId, reason: 'other' as const, atMs: clinic.nowMs() };
  const { patientId } = getStudyCard(clinic.db, johns).patient;
  const actor = { kind: 'user' as const, id: 'coordinator' };
  expect(moveStudy(clinic.db, { ...said, actor, studyId: id, to: { patientId } })).toMatchObject({ ok: true });
  start([(request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
  const { patient, dateRaw } = getStudyCard(clinic.db, id);
  expect(asked.map((request) => request.patient)).toEqual([
    { ageYears: ageAt(patient.birthDateRaw, dateRaw), sex: 'M' },
  ]);
  expect(patient.birthDateRaw).toBe('19500505');
  const [run] = listRuns(clinic.db, id);
  const receipt = findRunWithReceipt(clinic.db, run?.runId ?? '')?.receipt;
  expect(receipt?.text).toContain('"patient":"corrected"');
  expect(receipt?.text).not.toContain('1950');
});

test('of a study that nobody corrected the objects say whose it is', async () => {
  const id = await sendHead();
  start([(request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
  expect(asked[0]).not.toHaveProperty('patient');
});

test('a model that does not hold its golden cases is broken, and its studies say so', async () => {
  const id = await sendHead();
  start([], [loadedAs(false)]);
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'model-unavailable' }));
  expect(listModels(clinic.db).map(({ state }) => state)).toEqual(['broken']);
  expect(asked).toEqual([]);
});

test('a study that comes after its model was found broken says so too', async () => {
  const id = await sendHead();
  start([], [loadedAs(false)]);
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('not-run'));
  const next = await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n, { StudyInstanceUID: '1.2.11' })));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  await until(() => expect(aiStatus(clinic.db, next)).toEqual({ state: 'not-run', reason: 'model-unavailable' }));
});

test('which output was bad, and how far the run came, stand in the log and in its receipt', async () => {
  const id = await sendHead();
  const output = { tensor: 'probability', why: 'not-finite' } as const;
  const timings = { readMs: 3, decodeMs: 4, preprocessMs: 5, inferMs: 6, postprocessMs: 1 };
  start([() => err({ code: 'bad-output', output, timings })]);
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'bad-output' }));
  const line = clinic
    .logged()
    .split('\n')
    .find((one) => one.includes('model-output-bad'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ code: 'not-finite', fault: 'probability' });
  const run = findRunWithReceipt(clinic.db, listRuns(clinic.db, id)[0]?.runId ?? '');
  expect(JSON.parse(run?.receipt?.text ?? '{}')).toMatchObject({ outcome: 'failed', badOutput: output, timings });
});

test('has the inputs of a run looked at that found one of them damaged', async () => {
  const id = await sendHead();
  start([() => err({ code: 'object-damaged' })]);
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('not-run'));
  expect(suspected).toHaveLength(6);
  expect(suspected).toEqual(asked[0]?.series.instances.map(({ digest }) => digest));
});

test('verifies again when the runner was away at first', async () => {
  const id = await sendHead();
  start(
    [(request) => ok(finishedRun(named(request), 0.1))],
    [err({ code: 'runner-unavailable', faults: [] }), err({ code: 'runner-unavailable', faults: [] }), loadedAs(true)],
  );
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'no-flag', readSeries: 1, eligibleSeries: 1 }));
});

test('a model that takes the runner down each time it is verified is broken', async () => {
  const id = await sendHead();
  start([], [refusePackage([packageFault('runner-crashed', '')])]);
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'model-unavailable' }));
});

test('a crash is tried once more, a refusal of the pixels is not', async () => {
  const id = await sendHead();
  start([() => err({ code: 'runner-crashed' }), (request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
  expect([asked.length, ended]).toEqual([2, ['failed', 'finished']]);
  const second = await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n, { StudyInstanceUID: '1.2.11' })));
  await worker?.stop();
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  asked = [];
  start([() => err({ code: 'uneven-spacing' })]);
  await until(() => expect(aiStatus(clinic.db, second)).toEqual({ state: 'not-run', reason: 'uneven-spacing' }));
  expect(asked).toHaveLength(1);
});

function aMask(label: string, bytes: Uint8Array): RunMask {
  const digest = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(path.join(outboxDir, `${digest}.bits.gz`), bytes);
  return {
    ...{ tensor: 'mask', label, digest, sizeBytes: bytes.length, rows: 4, columns: 4, pixels: 3, volumeMl: 1 },
    ...{ parts: 1, cells: 3, peak: null },
    slices: [{ sopUid: '1.2.10.1.1', frameNumber: 1, pixels: 3, volumeMl: 1 }],
    largest: { centreMm: [1, 2, 3], volumeMl: 1, keySopUid: '1.2.10.1.1', keyFrameNumber: 1, longest: null },
  };
}

test('takes masks into the object store before the finding names them, the same bytes once, and empties the outbox', async () => {
  const id = await sendHead();
  const bytes = Buffer.from('mask');
  const masks = [aMask('bleed', bytes), aMask('other', bytes)];
  start([(request) => ok(finishedRun(named(request), 0.9, masks))]);
  await until(() => expect(listFindings(clinic.db, id)).toHaveLength(1));
  const [finding] = listFindings(clinic.db, id);
  expect(finding).toMatchObject({
    keyImage: { sopUid: '1.2.10.1.1', centreMm: [1, 2, 3] },
    parts: [{ mask: { rows: 4, columns: 4, sopUids: ['1.2.10.1.1'], frameNumbers: [1] } }],
  });
  expect((await clinic.archive.objects.read(finding?.parts[0]?.mask.digest ?? '', SEALED)).equals(bytes)).toBe(true);
  expect(readdirSync(outboxDir)).toEqual([]);
});

test('a mask that is not the bytes it is named by is not taken in: the run fails, and says nothing', async () => {
  const id = await sendHead();
  const mask = aMask('bleed', Buffer.from('mask'));
  writeFileSync(path.join(outboxDir, `${mask.digest}.bits.gz`), 'torn');
  start([(request) => ok(finishedRun(named(request), 0.9, [mask]))]);
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'internal' }));
  expect(listFindings(clinic.db, id)).toEqual([]);
  expect(existsSync(path.join(clinic.objectsDir, mask.digest.slice(0, 2)))).toBe(false);
  expect(clinic.logged()).toContain('run-attempt-failed');
});

test('a bug in one run fails that run and no other', async () => {
  const id = await sendHead();
  start([
    () => {
      throw new Error('a bug');
    },
    (request) => ok(finishedRun(named(request), 0.1)),
  ]);
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'internal' }));
  const next = await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n, { StudyInstanceUID: '1.2.11' })));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  worker?.notify();
  await until(() => expect(aiStatus(clinic.db, next)).toEqual({ state: 'no-flag', readSeries: 1, eligibleSeries: 1 }));
});

test('a stop leaves the run it interrupts as a row that is owed again', async () => {
  const id = await sendHead();
  start([
    () => {
      void worker?.stop();
      return err({ code: 'runner-unavailable' });
    },
  ]);
  await until(() => expect(asked).toHaveLength(1));
  await worker?.stop();
  expect(listRuns(clinic.db, id).map(({ state }) => state)).toEqual(['queued']);
  expect(clinic.events('run-failed').map(({ payload }) => payload)).toMatchObject([
    { reason: 'runner-unavailable', attempt: 1, final: false },
  ]);
  // However often the station is stopped, the run is not given up for it.
  expect(nextQueuedRun(clinic.db, clinic.nowMs())).toMatchObject({ attempts: 0 });
});

const outOfRoom = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
const pauses = () => vi.advanceTimersByTimeAsync(60_000);

test('a result there is no room for is not lost: the run is put back, not counted, and done anew', async () => {
  const id = await sendHead();
  const { objects } = clinic.archive;
  const receive = vi
    .spyOn(objects, 'receive')
    .mockRejectedValueOnce(outOfRoom())
    .mockRejectedValueOnce(outOfRoom())
    .mockRejectedValueOnce(outOfRoom());
  start([(request) => ok(finishedRun(named(request), 0.9, [aMask('bleed', Buffer.from('mask'))]))]);
  await until(() => expect(asked).toHaveLength(1));
  for (const runs of [2, 3, 4]) {
    await pauses();
    await until(() => expect(asked.length).toBeGreaterThanOrEqual(runs));
  }
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
  expect(receive).toHaveBeenCalledTimes(4);
  expect(clinic.events('run-failed').map(({ payload }) => payload['final'])).toEqual([false, false, false]);
});

test('where even the failure has no room to be recorded the run is still owed', async () => {
  const id = await sendHead();
  clinic.db.exec(`CREATE TEMP TRIGGER no_room BEFORE UPDATE ON main.runs WHEN new.state IN ('finished', 'failed')
    BEGIN SELECT RAISE(ABORT, 'no room'); END`);
  start([(request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(asked).toHaveLength(1));
  await until(() => expect(clinic.logged()).toContain('run-worker-failed'));
  clinic.db.exec('DROP TRIGGER no_room');
  await pauses();
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
});

test('a runner that has no room for a mask is asked again when there may be some', async () => {
  const id = await sendHead();
  const full = () => err({ code: 'outbox-full' }) as RunAnswer;
  start([full, full, full, (request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(asked).toHaveLength(1));
  for (const runs of [2, 3, 4]) {
    await pauses();
    await until(() => expect(asked.length).toBeGreaterThanOrEqual(runs));
  }
  await until(() => expect(aiStatus(clinic.db, id).state).toBe('flagged'));
  expect(asked).toHaveLength(4);
});

test('a run reads the images of the revision it was queued for, not those that came since', async () => {
  const id = await sendHead();
  const association = clinic.associate();
  await clinic.receive(association, aSlice(7));
  start([(request) => ok(finishedRun(named(request), 0.9))]);
  await until(() => expect(asked).toHaveLength(1));
  expect(asked[0]?.series.instances.map(({ sopUid }) => sopUid)).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => `1.2.10.1.${n}`),
  );
  expect(listRuns(clinic.db, id)).toHaveLength(1);
});

test('a manifest edited under the running station is refused, not believed', async () => {
  const id = await sendHead();
  start([(request) => ok({ ...finishedRun(named(request), 0.9), manifestDigest: 'f'.repeat(64) })]);
  await until(() => expect(aiStatus(clinic.db, id)).toEqual({ state: 'not-run', reason: 'package-unreadable' }));
});

test('a run whose provider changed waits until the golden cases hold again, and then is run there', async () => {
  const id = await sendHead();
  const changed = () => err({ code: 'provider-changed' } as const);
  const away = refusePackage([packageFault('remote-unreachable', '')]);
  start([changed, (request) => ok(finishedRun(named(request), 0.9))], [loadedAs(true), away, loadedAs(true)]);
  await until(() => expect(asked).toHaveLength(1));
  await until(() => expect(listModels(clinic.db).map(({ state }) => state)).toEqual(['installed']));
  expect(aiStatus(clinic.db, id).state).not.toBe('not-run');
  expect(asked).toHaveLength(1);
  await until(() => {
    clinic.pass(60_000); // the server is asked again each minute
    expect(aiStatus(clinic.db, id).state).toBe('flagged');
  });
  expect([asked.length, clinic.events('model-verified').length]).toEqual([2, 2]);
});
