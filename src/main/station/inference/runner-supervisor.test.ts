import { describe, expect, test } from 'vitest';
import { packageFault } from '../../../shared/domain/package-fault.ts';
import type { RunnerHost } from './runner-host.ts';
import { RunId } from '../../../shared/domain/ids.ts';
import type { RunFinished, RunnerToStation, StationToRunner } from './runner-protocol.ts';
import { superviseRunner, type Timer } from './runner-supervisor.ts';

const KEY = { id: '00'.repeat(8), keyHex: '11'.repeat(32) };
const SETTINGS = { objectsDir: '/objects', objectKeys: [KEY], outboxDir: '/outbox', providers: ['cpu'], threads: 1 };
const LIMITS = {
  startMs: 1000,
  loadMs: 2000,
  pingEveryMs: 5000,
  pongWithinMs: 300,
  cancelWithinMs: 200,
  firstBackOffMs: 100,
  longestBackOffMs: 350,
  startsBeforeRefusing: 3,
};
const DIGEST = 'a'.repeat(64);
const READY: RunnerToStation = {
  type: 'ready',
  onnxruntimeVersion: '1',
  providers: [{ name: 'cpu', proven: true, version: '1.30.0', code: null }],
  provider: 'cpu',
};
const ids = [1, 2, 3].map((n) => RunId.parse(`0193e3a0-0000-7000-8000-00000000000${n}`));
const [FIRST, SECOND] = ids as [RunId, RunId];

/** A clock that stands still until told, and a runner that says what the test says. */
function stage() {
  let nowMs = 0;
  let timers: { dueMs: number; callback: () => void }[] = [];
  const timer: Timer = (afterMs, callback) => {
    const entry = { dueMs: nowMs + afterMs, callback };
    timers.push(entry);
    return () => {
      timers = timers.filter((other) => other !== entry);
    };
  };
  const pass = (ms: number): void => {
    const until = nowMs + ms;
    for (;;) {
      const [next] = timers.filter(({ dueMs }) => dueMs <= until).toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      timers = timers.filter((other) => other !== next);
      nowMs = next.dueMs;
      next.callback();
    }
    nowMs = until;
  };

  const sent: StationToRunner[] = [];
  let starts = 0;
  let kills = 0;
  let isRunning = false;
  let listener: (message: unknown) => void = () => undefined;
  let onExit: (exit: { readonly code: number | null }) => void = () => undefined;
  const exit = (code: number | null): void => {
    if (!isRunning) return;
    isRunning = false;
    onExit({ code });
  };
  const host: RunnerHost = {
    start() {
      if (isRunning) throw new Error('the runner already runs');
      isRunning = true;
      starts += 1;
    },
    send: (message) => void (isRunning && sent.push(message)),
    kill() {
      if (isRunning) kills += 1;
      exit(null);
    },
    onMessage: (next) => {
      listener = next;
    },
    onExit: (next) => {
      onExit = next;
    },
  };
  const supervisor = superviseRunner(host, SETTINGS, { timer, limits: LIMITS });
  return {
    supervisor,
    pass,
    exit,
    says: (message: unknown) => listener(message),
    types: () => sent.map(({ type }) => type),
    last: () => sent.at(-1),
    counts: () => ({ starts, kills }),
    run: (runId: RunId, budgetMs = 1000) =>
      supervisor.run(
        { runId, packageDir: '/p', modelDigest: DIGEST, series: { seriesUid: '1.2', instances: [] } },
        { budgetMs },
      ),
  };
}

function ready() {
  const on = stage();
  on.supervisor.start();
  on.says(READY);
  return on;
}

function finished(runId: RunId): RunFinished {
  return {
    type: 'finished',
    runId,
    modelDigest: DIGEST,
    manifestDigest: DIGEST,
    preprocessing: 'x/1',
    postprocessing: 'x/1',
    provider: 'cpu',
    onnxruntimeVersion: '1',
    geometry: {
      arrangement: 'volume',
      slices: 2,
      rows: 1,
      columns: 1,
      pixelSpacingMm: [1, 1],
      minSpacingMm: 1,
      maxSpacingMm: 1,
      tiltDegrees: 0,
      frameOfReferenceUid: null,
      ...{ corrections: [], leftOut: 0, stacks: 1 },
      grid: { shape: [2, 2, 2], spacingMm: [1, 1, 1], samples: 1 },
    },
    outputs: [],
    ...{ profiles: [], boxes: [], boxLabels: [], heatmaps: [] },
    masks: [],
    timings: { readMs: 0, decodeMs: 0, preprocessMs: 0, inferMs: 0, postprocessMs: 0 },
  };
}

const DIFFERS = packageFault('digest-differs', 'modelDigest');

test('gives one piece of work at a time, in the order asked', async () => {
  const on = stage();
  on.supervisor.start();
  const load = on.supervisor.load('/p', { verify: true });
  const run = on.run(FIRST);
  expect(on.types()).toEqual(['start']);
  on.says(READY);
  expect(on.types()).toEqual(['start', 'load']);
  const { requestId } = on.last() as Extract<StationToRunner, { type: 'load' }>;
  on.says({ type: 'load-failed', requestId, packageDir: '/p', faults: [DIFFERS] });
  expect(on.types()).toEqual(['start', 'load', 'run']);
  expect(on.supervisor.state()).toMatchObject({ state: 'ready', busy: true });
  on.says(finished(FIRST));
  expect(await load).toEqual({ ok: false, error: { code: 'digest-differs', faults: [DIFFERS] } });
  expect(await run).toEqual({ ok: true, value: finished(FIRST) });
  expect(on.supervisor.state()).toMatchObject({ state: 'ready', busy: false });
});

test('tells what comes next only while a run computes, and nobody waits for it', async () => {
  const on = ready();
  const next = {
    ...{ packageDir: '/p', modelDigest: DIGEST, needMb: 100 },
    instances: [
      { sopUid: '1.2', digest: DIGEST, encoding: 'plain' as const, transferSyntaxUid: '1.2.840.10008.1.2.1' },
    ],
  };
  on.supervisor.expect(next);
  expect(on.types()).toEqual(['start']);
  const run = on.run(FIRST);
  on.supervisor.expect(next);
  expect(on.last()).toEqual({ type: 'next', ...next });
  on.says(finished(FIRST));
  expect((await run).ok).toBe(true);
  on.supervisor.expect(next);
  expect(on.types()).toEqual(['start', 'run', 'next']);
});

test('gives on which output was bad, and what the stages of a failed run took', async () => {
  const on = ready();
  const run = on.run(FIRST);
  const output = { tensor: 'probability', why: 'not-finite' } as const;
  const timings = { readMs: 1, decodeMs: 2, preprocessMs: 3, inferMs: 4, postprocessMs: 5 };
  on.says({ type: 'failed', runId: FIRST, code: 'bad-output', output, timings });
  expect(await run).toEqual({ ok: false, error: { code: 'bad-output', output, timings } });
});

test('a crash fails the run under way, and the next one waits for another runner', async () => {
  const on = ready();
  const lost = on.run(FIRST);
  const next = on.run(SECOND);
  on.exit(139);
  expect(await lost).toEqual({ ok: false, error: { code: 'runner-crashed' } });
  expect(on.supervisor.state()).toEqual({ state: 'restarting', failuresInARow: 1 });
  on.pass(99);
  expect(on.counts().starts).toBe(1);
  on.pass(1);
  expect(on.counts().starts).toBe(2);
  on.says(READY);
  on.says(finished(SECOND));
  expect((await next).ok).toBe(true);
});

test('kills a run over its budget, says so, and starts the next runner at once', async () => {
  const on = ready();
  const slow = on.run(FIRST, 700);
  on.pass(699);
  expect(on.counts().kills).toBe(0);
  on.pass(1);
  expect(await slow).toEqual({ ok: false, error: { code: 'over-budget' } });
  on.pass(0);
  expect(on.counts()).toEqual({ starts: 2, kills: 1 });
});

test('an idle runner that does not answer is killed and replaced; one that does is left alone', () => {
  const on = ready();
  on.pass(5000);
  const ping = on.last() as Extract<StationToRunner, { type: 'ping' }>;
  on.says({ type: 'pong', nonce: ping.nonce });
  on.pass(5000);
  expect(on.counts().kills).toBe(0);
  on.pass(300);
  expect(on.counts().kills).toBe(1);
  on.pass(100);
  expect(on.counts().starts).toBe(2);
});

test('a busy runner is not pinged: its budget watches over it', async () => {
  const on = ready();
  const run = on.run(FIRST, 60_000);
  on.pass(30_000);
  expect([on.types(), on.counts().kills]).toEqual([['start', 'run'], 0]);
  on.says(finished(FIRST));
  expect((await run).ok).toBe(true);
});

test('backs off further with each failure in a row, up to a limit, and refuses work when nothing comes up', async () => {
  const on = stage();
  on.supervisor.start();
  const run = on.run(FIRST);
  on.exit(1);
  on.pass(100);
  on.exit(1);
  on.pass(199);
  expect(on.counts().starts).toBe(2);
  on.pass(1);
  on.exit(1);
  expect(await run).toEqual({ ok: false, error: { code: 'runner-unavailable' } });
  expect(await on.run(SECOND)).toEqual({ ok: false, error: { code: 'runner-unavailable' } });
  on.pass(350);
  expect(on.counts().starts).toBe(4);
});

test('kills a runner that never gets ready, or that has no provider', () => {
  const on = stage();
  on.supervisor.start();
  on.pass(1000);
  expect(on.counts().kills).toBe(1);
  on.pass(100);
  on.says({ type: 'start-failed', code: 'no-provider' });
  expect(on.counts()).toEqual({ starts: 2, kills: 2 });
});

describe('a cancel', () => {
  test('takes a waiting run out without a word to the runner', async () => {
    const on = ready();
    const busy = on.run(FIRST);
    const waiting = on.run(SECOND);
    on.supervisor.cancel(SECOND);
    expect(await waiting).toEqual({ ok: false, error: { code: 'cancelled' } });
    on.says(finished(FIRST));
    expect((await busy).ok).toBe(true);
    expect(on.types()).toEqual(['start', 'run']);
  });

  test('kills a run that does not let itself be called off', async () => {
    const on = ready();
    const run = on.run(FIRST);
    on.supervisor.cancel(FIRST);
    expect(on.last()).toEqual({ type: 'cancel', runId: FIRST });
    on.pass(200);
    expect(await run).toEqual({ ok: false, error: { code: 'cancelled' } });
    expect(on.counts().kills).toBe(1);
  });
});

test('takes nothing from a runner that speaks nonsense, nor an answer to another run', async () => {
  const on = ready();
  const run = on.run(FIRST);
  on.says(finished(SECOND));
  expect(on.supervisor.state()).toMatchObject({ busy: true });
  on.says({ ...finished(FIRST), outputs: [{ value: 'high' }] });
  expect(await run).toEqual({ ok: false, error: { code: 'runner-crashed' } });
});

test('a runner that says a second time that it is ready is not believed', async () => {
  const on = ready();
  const run = on.run(FIRST);
  on.says(READY);
  expect(await run).toEqual({ ok: false, error: { code: 'runner-crashed' } });
  expect(on.counts().kills).toBe(1);
});

test('a stop answers all work, asks the runner to end, and ends it when it does not', async () => {
  const on = ready();
  const busy = on.run(FIRST);
  const waiting = on.run(SECOND);
  const stopped = on.supervisor.stop();
  expect(on.last()).toEqual({ type: 'shutdown' });
  on.pass(200);
  await stopped;
  const refused = { ok: false, error: { code: 'runner-unavailable' } };
  expect([await busy, await waiting]).toEqual([refused, refused]);
  on.pass(60_000);
  expect([on.counts(), on.supervisor.state()]).toEqual([{ starts: 1, kills: 1 }, { state: 'stopped' }]);
});

test('after a key rotation the running process is told, and a later one starts with what holds now', () => {
  const { supervisor, last, pass, exit } = stage();
  const next = { id: '22'.repeat(8), keyHex: '33'.repeat(32) };
  supervisor.start();
  expect(last()).toMatchObject({ type: 'start', objectKeys: [KEY] });
  supervisor.useObjectKeys([KEY, next]);
  expect(last()).toEqual({ type: 'object-keys', objectKeys: [KEY, next] });
  supervisor.useObjectKeys([next]);
  exit(1);
  pass(LIMITS.firstBackOffMs);
  expect(last()).toMatchObject({ type: 'start', objectKeys: [next] });
});
