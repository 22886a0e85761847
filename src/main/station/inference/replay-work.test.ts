import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { err, ok } from '../../../shared/domain/result.ts';
import { listInstancesAt } from '../archive/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { recordEvicted } from '../platform/objects/records.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishedRun, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { aiStatus, inferenceConsumer, installModels, listFindings, listModels } from './index.ts';
import { createReplayWork, type ReplayWork } from './replay-work.ts';
import {
  askReplay,
  COUNT_OPEN,
  FIND_OPEN,
  findReplay,
  LIST_REPLAYS,
  MOST_OPEN_REPLAYS,
  NEXT_REPLAY,
  recoverReplays,
  type Replay,
} from './replays.ts';
import { failRun, finishRun } from './record-run.ts';
import type { Run } from './run-rows.ts';
import type { RunnerSupervisor } from './runner-supervisor.ts';

type Request = Parameters<RunnerSupervisor['run']>[0];
type Answer = Awaited<ReturnType<RunnerSupervisor['run']>>;

let clinic: Clinic;
let outboxDir: string;
let asked: Request[];
let cancelled: string[];

beforeEach(() => {
  clinic = openClinic();
  outboxDir = mkdtempSync(path.join(tmpdir(), 'wetread-replays-'));
  asked = [];
  cancelled = [];
});
afterEach(() => {
  clinic.close();
  rmSync(outboxDir, { recursive: true, force: true });
});

/** A head with one run, computed on what is stored. */
async function aRun(score = 0.9): Promise<Run> {
  installed(clinic, 'general', {});
  await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n)));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  const run = startNext(clinic);
  const [model] = listModels(clinic.db);
  if (model === undefined) throw new Error('no model');
  const inputs = listInstancesAt(clinic.db, run.studyId, run.revision).map(({ sopUid, digest, transferSyntaxUid }) => ({
    ...{ sopUid, digest, transferSyntaxUid, encoding: 'aes-256-gcm-chunked-v1' as const },
  }));
  finishRun(clinic.db, run.runId, model.manifest, inputs, finishedRun(run, score), clinic.nowMs());
  return run;
}

function ask(run: Run, provider: string | null = null, proven: readonly string[] | null = ['cpu', 'cuda']) {
  const viewer = { userId: 'u', seesSilent: false };
  const actor = { kind: 'user', id: 'u' } as const;
  return askReplay(clinic.db, {
    ...{ siteId: clinic.north.siteId, runId: run.runId, viewer, provider, proven, actor, atMs: clinic.nowMs() },
  });
}
function owed(run: Run, provider: string | null = null): Replay {
  const replay = ask(run, provider);
  if (!replay.ok) throw new Error(replay.error.code);
  return replay.value;
}
const found = (replay: Replay) => findReplay(clinic.db, replay.replayId);

/** Replays over a runner that answers as scripted. */
function work(answer: (request: Request) => Answer | Promise<Answer>): ReplayWork {
  const supervisor = {
    run: async (request: Request) => {
      asked.push(request);
      return answer(request);
    },
    cancel: (runId: string) => cancelled.push(runId),
    state: () => ({
      state: 'ready',
      runner: {
        providers: [
          { name: 'cpu', proven: true },
          { name: 'cuda', proven: false },
        ],
      },
    }),
  } as unknown as RunnerSupervisor;
  const { db, log, archive } = clinic;
  return createReplayWork({ db, log, supervisor, outboxDir, objects: archive.objects, clock: archive.clock });
}
const saying =
  (score: number, changes = {}) =>
  (request: Request) =>
    ok({
      ...finishedRun({ runId: request.runId, modelDigest: listModels(clinic.db)[0]?.digest } as unknown as Run, score),
      ...changes,
    });

test('reads the same inputs again, compares what comes of it, and makes no finding', async () => {
  const run = await aRun();
  const before = listFindings(clinic.db, run.studyId);
  const replay = owed(run, 'cpu');
  expect(await work(saying(0.9)).attemptNext()).toBe(true);
  expect(found(replay)).toMatchObject({
    state: 'same',
    provider: 'cpu',
    differences: [],
    askedBy: { kind: 'user', id: 'u' },
  });
  expect(asked[0]).toMatchObject({ runId: replay.replayId, provider: 'cpu', packageDir: '/models/bleed' });
  expect(asked[0]?.series.instances.map(({ digest }) => digest)).toEqual(
    listInstancesAt(clinic.db, run.studyId, run.revision).map(({ digest }) => digest),
  );
  const other = owed(run);
  await work(saying(0.3)).attemptNext();
  expect(found(other)).toMatchObject({
    state: 'differs',
    differences: [{ at: 'outputs[probability].value', was: 0.9, is: 0.3, allowed: 0 }],
  });
  expect(listFindings(clinic.db, run.studyId)).toEqual(before);
  expect(aiStatus(clinic.db, run.studyId).state).toBe('flagged');
  expect(clinic.events('replay-ended').map(({ payload }) => [payload['outcome'], payload['differences']])).toEqual([
    ['same', 0],
    ['differs', 1],
  ]);
  expect(await work(saying(0.9)).attemptNext()).toBe(false);
});

test('says why it could not where an input left the cache, is damaged, or the package is gone', async () => {
  const run = await aRun();
  const [first, second] = listInstancesAt(clinic.db, run.studyId, run.revision);
  if (first === undefined || second === undefined) throw new Error('no images');
  clinic.db.prepare("INSERT INTO damaged_objects VALUES (?, 'damaged', 0)").run(first.digest);
  const damaged = owed(run);
  await work(saying(0.9)).attemptNext();
  clinic.db.prepare('DELETE FROM damaged_objects').run();
  recordEvicted(clinic.db, second.digest, clinic.nowMs());
  const evicted = owed(run);
  await work(saying(0.9)).attemptNext();
  installModels(clinic.db, [], clinic.nowMs());
  const gone = owed(run);
  await work(saying(0.9)).attemptNext();
  expect([damaged, evicted, gone].map((one) => [found(one)?.state, found(one)?.reason])).toEqual([
    ['could-not', 'input-damaged'],
    ['could-not', 'input-evicted'],
    ['could-not', 'package-gone'],
  ]);
  expect(asked).toEqual([]);
});

test('makes way for a run, and begins anew without counting what it gave up', async () => {
  const run = await aRun();
  const replay = owed(run);
  const way: { work?: ReplayWork } = {};
  way.work = work(() => {
    expect(way.work?.isWorking()).toBe(true);
    way.work?.makeWay();
    way.work?.makeWay();
    return err({ code: 'cancelled' });
  });
  expect(await way.work.attemptNext()).toBe(true);
  expect([cancelled, way.work.isWorking()]).toEqual([[replay.replayId], false]);
  expect(found(replay)).toMatchObject({ state: 'queued', attempts: 0 });
  await work(saying(0.9)).attemptNext();
  expect(found(replay)).toMatchObject({ state: 'same', attempts: 1 });
});

test('a runner that falls is tried once more; what it refuses is why it could not', async () => {
  const run = await aRun();
  const replay = owed(run);
  const falling = work(() => err({ code: 'runner-crashed' }));
  await falling.attemptNext();
  expect(found(replay)?.state).toBe('queued');
  await falling.attemptNext();
  expect(found(replay)).toMatchObject({ state: 'could-not', reason: 'runner-crashed' });
  const unproven = owed(run, 'cuda');
  await work(saying(0.9)).attemptNext();
  expect(found(unproven)).toMatchObject({ state: 'could-not', reason: 'provider-not-proven' });
});

test('a run that failed is replayed too: the same failure is the same', async () => {
  installed(clinic, 'general', {});
  await clinic.send([1, 2, 3, 4, 5, 6].map((n) => aSlice(n)));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  const run = startNext(clinic);
  failRun(clinic.db, run.runId, 'not-axial', clinic.nowMs());
  const [same, other] = [owed(run), owed(run, 'cpu')];
  await work(() => err({ code: 'not-axial' })).attemptNext();
  await work(() => err({ code: 'bad-output' })).attemptNext();
  expect([found(same)?.state, found(other)?.state, found(other)?.differences]).toEqual([
    ...['same', 'differs'],
    [{ at: 'outcome', was: 'not-axial', is: 'bad-output', allowed: null }],
  ]);
});

test('is refused of what is not shown, has no receipt, was changed, or asks for a provider that is not proven', async () => {
  const run = await aRun();
  expect(ask({ ...run, runId: '01990000-0000-7000-8000-00000000ffff' })).toEqual(err({ code: 'run-not-found' }));
  expect(ask(run, 'tpu')).toEqual(err({ code: 'provider-not-proven' }));
  expect(owed(run).replayId).toBe(owed(run).replayId);
  const receipt = clinic.db.prepare('SELECT receipt FROM runs').pluck().get() as string;
  clinic.db.prepare('UPDATE runs SET receipt = ?').run(receipt.replace('cpu', 'npu'));
  expect(ask(run)).toEqual(err({ code: 'receipt-changed' }));
  clinic.db.prepare('UPDATE runs SET receipt = ?').run(receipt);
  for (let more = 1; more < MOST_OPEN_REPLAYS; more += 1) ask(run, `p${more}`, null);
  expect(ask(run, 'one more', null)).toEqual(err({ code: 'too-many-replays' }));
  clinic.db.prepare("UPDATE runs SET stage = 'silent'").run();
  expect(ask(run)).toEqual(err({ code: 'run-not-found' }));
});

test('what a killed station left under way waits again', async () => {
  const run = await aRun();
  const replay = owed(run);
  clinic.db.prepare("UPDATE replays SET state = 'running'").run();
  recoverReplays(clinic.db);
  expect(found(replay)?.state).toBe('queued');
});

test.each([
  ['replays_by_run', LIST_REPLAYS, ['r']],
  ['replays_by_run', FIND_OPEN, ['r', 'p']],
  ['replays_open', NEXT_REPLAY, []],
  ['replays_open', COUNT_OPEN, ['s']],
] as const)('walks %s', (index, sql, values) => {
  const plan = clinic.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  expect(JSON.stringify(plan)).toContain(index);
});
