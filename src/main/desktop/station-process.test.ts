import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { restartDelayMs, type StationState, superviseStation } from './station-process.ts';
import type { Child, ChildListeners } from './utility-child.ts';

const READY = {
  type: 'ready',
  http: 'http://127.0.0.1:8642',
  dicom: { port: 11112, aeTitle: 'WETREAD' },
  hl7: { port: 2575 },
  firstSignIn: null,
} as const;
const KEYS = {
  databaseKeyHex: 'ab'.repeat(32),
  signingKeyPem: '-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n',
};

/** A process whose words and end the test decides. */
function scriptedProcesses() {
  const started: {
    sent: unknown[];
    kills: number;
    say: (message: unknown) => void;
    end: (code: number | null) => void;
  }[] = [];
  const fork = (listeners: ChildListeners): Child => {
    const one = {
      sent: [] as unknown[],
      kills: 0,
      say: listeners.onMessage,
      end: (code: number | null) => listeners.onExit({ code }),
    };
    started.push(one);
    return {
      send: (message) => one.sent.push(message),
      kill: () => {
        one.kills += 1;
        one.end(null);
      },
    };
  };
  const last = () => {
    const one = started.at(-1);
    if (!one) throw new Error('nothing was started');
    return one;
  };
  return { fork, started, last };
}

function supervised() {
  const stations = scriptedProcesses();
  const runners = scriptedProcesses();
  const states: StationState[] = [];
  let unparsed = 0;
  const station = superviseStation({
    forkStation: stations.fork,
    forkRunner: runners.fork,
    keys: KEYS,
    onState: (state) => states.push(state),
    onUnparsed: () => {
      unparsed += 1;
    },
    now: () => Date.now(),
  });
  return { station, stations, runners, states, unparsed: () => unparsed };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the station process', () => {
  test('gets its keys first and is ready when it says so', () => {
    const { station, stations, states } = supervised();
    station.start();
    stations.last().say(READY);
    expect(stations.last().sent).toEqual([{ type: 'keys', keys: KEYS }]);
    expect(states).toEqual([{ state: 'starting' }, { state: 'ready', ready: READY }]);
  });

  test('starts again with growing delays when it dies, and at once counts anew after a steady minute', () => {
    const { station, stations, states } = supervised();
    station.start();
    for (const delayMs of [1_000, 2_000, 4_000]) {
      stations.last().end(1);
      expect(states.at(-1)).toMatchObject({ state: 'waiting', exitCode: 1, delayMs });
      vi.advanceTimersByTime(delayMs - 1);
      expect(states.at(-1)?.state).toBe('waiting');
      vi.advanceTimersByTime(1);
      expect(states.at(-1)).toEqual({ state: 'starting' });
    }
    stations.last().say(READY);
    vi.advanceTimersByTime(60_000);
    stations.last().end(139);
    expect(states.at(-1)).toEqual({ state: 'waiting', exitCode: 139, delayMs: 1_000, failures: 1 });
    expect(stations.started).toHaveLength(4);
  });

  test('waits for a person when it said why it cannot run', () => {
    const { station, stations, states } = supervised();
    station.start();
    stations.last().say({ type: 'fatal', code: 'data-in-use', text: 'Another station is using it.' });
    stations.last().end(3);
    expect(states.at(-1)).toEqual({ state: 'refused', code: 'data-in-use', text: 'Another station is using it.' });
    vi.advanceTimersByTime(3_600_000);
    expect(stations.started).toHaveLength(1);
    station.start();
    expect(stations.started).toHaveLength(2);
  });

  test('is ended when it said why it cannot run and stays', () => {
    const { station, stations, states } = supervised();
    station.start();
    stations.last().say({ type: 'fatal', code: 'key-missing' });
    vi.advanceTimersByTime(1_999);
    expect(stations.last().kills).toBe(0);
    vi.advanceTimersByTime(1);
    expect(stations.last().kills).toBe(1);
    expect(states.at(-1)).toEqual({ state: 'refused', code: 'key-missing', text: null });
  });

  test('drains on stop, and does not come back', async () => {
    const { station, stations, states } = supervised();
    station.start();
    stations.last().say(READY);
    const stopped = Promise.all([station.stop(), station.stop()]);
    await vi.advanceTimersByTimeAsync(1);
    expect(stations.last().sent.filter((message) => (message as { type: string }).type === 'shutdown')).toHaveLength(1);
    stations.last().end(0);
    await stopped;
    station.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ state: 'stopped' });
    expect({ started: stations.started.length, kills: stations.last().kills }).toEqual({ started: 1, kills: 0 });
  });

  test('is killed when it does not drain within the grace', async () => {
    const { station, stations } = supervised();
    station.start();
    const stopped = station.stop();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(stations.last().kills).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(stations.last().kills).toBe(1);
  });

  test('stops while it waits for the next start', async () => {
    const { station, stations } = supervised();
    station.start();
    stations.last().end(1);
    await station.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stations.started).toHaveLength(1);
  });

  test('takes its runner along when it dies, and the next station gets a runner of its own', () => {
    const { station, stations, runners } = supervised();
    station.start();
    stations.last().say({ type: 'runner-start' });
    stations.last().end(1);
    expect(runners.last().kills).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(stations.last().sent).toEqual([{ type: 'keys', keys: KEYS }]);
    stations.last().say({ type: 'runner-start' });
    expect(runners.started).toHaveLength(2);
  });

  test('counts what it cannot parse and goes on', () => {
    const { station, stations, states, unparsed } = supervised();
    station.start();
    for (const wrong of ['ready', { type: 'fork', path: '/bin/sh' }, { ...READY, http: 'javascript:1' }])
      stations.last().say(wrong);
    stations.last().say(READY);
    expect(unparsed()).toBe(3);
    expect(states.at(-1)?.state).toBe('ready');
  });

  test('never waits longer than half a minute', () => {
    expect([1, 2, 5, 6, 50, 5000].map(restartDelayMs)).toEqual([1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
  });
});
