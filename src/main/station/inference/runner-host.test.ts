import { fork } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openParentPort } from '../platform/parent-port.ts';
import { forkRunnerHost } from './fork-runner-host.ts';
import { parentPortRunnerHost } from './parent-port-runner-host.ts';
import type { RunnerHost } from './runner-host.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const RUNNER = path.join(root, 'test/peers-scripted/scripted-runner.ts');
const RELAY = path.join(root, 'src/main/desktop/relay-process.fixture.ts');

type Opened = { readonly host: RunnerHost; readonly close: () => void };

/** A host, and what stands behind it: nothing headless, the desktop app's relay in a process of its own otherwise. */
const HOSTS: readonly (readonly [name: string, open: () => Opened])[] = [
  ['forked by the station', () => ({ host: forkRunnerHost(RUNNER), close: () => undefined })],
  [
    'forked by the desktop app over the parent port',
    () => {
      const main = fork(RELAY, [RUNNER]);
      const raw = {
        postMessage: (message: unknown) => void main.send(message as object),
        on: (_: 'message', listener: (event: { readonly data: unknown }) => void) =>
          main.on('message', (data) => listener({ data })),
      };
      const port = openParentPort(raw, () => {
        throw new Error('the relay said something the station does not understand');
      });
      return { host: parentPortRunnerHost(port), close: () => main.disconnect() };
    },
  ],
];

test('what a forked runner prints is counted, and its words go nowhere', async () => {
  let bytes = 0;
  const told = new Promise<void>((resolve) => {
    const host = forkRunnerHost(RUNNER, (count) => {
      bytes += count;
      resolve();
    });
    host.start();
    host.send({ type: 'ping', nonce: 700 });
  });
  await told;
  expect(bytes).toBeGreaterThan(8);
});

describe.each(HOSTS)('a runner %s', (_, open) => {
  let opened: Opened;
  let heard: unknown[] = [];
  let exits: (number | null)[] = [];
  let changed: () => void = () => undefined;

  /** Resolves when the condition holds; looked at again at each message and each end. */
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
  };
  const ping = (nonce: number) => opened.host.send({ type: 'ping', nonce });

  beforeEach(() => {
    // Of this test alone: the runner that the one before left behind is still ending.
    const mine = { heard: [] as unknown[], exits: [] as (number | null)[] };
    ({ heard, exits } = mine);
    opened = open();
    opened.host.onMessage((message) => {
      mine.heard.push(message);
      changed();
    });
    opened.host.onExit(({ code }) => {
      mine.exits.push(code);
      changed();
    });
  });
  afterEach(() => {
    opened.host.kill();
    opened.close();
  });

  test('takes messages from the moment it is started, and gives its own in order', async () => {
    opened.host.start();
    for (const nonce of [1, 2, 3]) ping(nonce);
    await until(() => heard.length === 3);
    expect(heard).toEqual([1, 2, 3].map((nonce) => ({ type: 'pong', nonce })));
    expect(exits).toEqual([]);
  });

  test('tells its own end once with its code, and can be started again', async () => {
    opened.host.start();
    ping(500);
    await until(() => exits.length === 1);
    opened.host.start();
    ping(4);
    await until(() => heard.length === 1);
    opened.host.send({ type: 'shutdown' });
    await until(() => exits.length === 2);
    expect({ heard, exits }).toEqual({ heard: [{ type: 'pong', nonce: 4 }], exits: [7, 0] });
  });

  test('is killed at once even when it hangs, and has no code then', async () => {
    opened.host.start();
    ping(600);
    await until(() => heard.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    opened.host.kill();
    opened.host.kill();
    await until(() => exits.length === 1);
    opened.host.start();
    ping(5);
    await until(() => heard.length === 2);
    expect({ last: heard.at(-1), exits }).toEqual({ last: { type: 'pong', nonce: 5 }, exits: [null] });
  });

  test('refuses to start twice, and drops what is sent when nothing runs', async () => {
    ping(1);
    opened.host.kill();
    opened.host.start();
    expect(() => opened.host.start()).toThrow('already runs');
    ping(2);
    await until(() => heard.length === 1);
    expect({ heard, exits }).toEqual({ heard: [{ type: 'pong', nonce: 2 }], exits: [] });
  });
});
