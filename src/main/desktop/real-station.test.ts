import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StationKeys } from '../../shared/contract/parent-port.ts';
import { asUtilityChild } from './forked-utility.fixture.ts';
import { obtainStationKeys } from './keychain.ts';
import { type StationProcess, type StationState, superviseStation } from './station-process.ts';
import { type ChildListeners, killHard, watchChild } from './utility-child.ts';

// The real station under the real supervisor, the real runner beside it: only Electron's way of forking is stood in for.

const root = path.resolve(import.meta.dirname, '../../..');
const STATION = path.join(root, 'src/main/station/index.ts');
const RUNNER = path.join(root, 'src/main/station/inference/runner/index.ts');
const PARENT_PORT = path.join(root, 'src/main/desktop/give-parent-port.fixture.ts');

const forkAsElectron = (script: string, args: readonly string[]) => (listeners: ChildListeners) => {
  const child = fork(script, [...args], {
    execArgv: ['--import', PARENT_PORT],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return watchChild(asUtilityChild(child), listeners, killHard);
};

let folder = '';
let station: StationProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-desktop-'));
});
afterEach(async () => {
  await station?.stop();
  station = null;
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the station and resolves with the first state that is neither starting nor a wait. */
function settled(keys: StationKeys | null, onRunner: () => void = () => undefined): Promise<StationState> {
  const args = ['--data', path.join(folder, 'station'), '--http-port', '0', '--dicom-port', '0', '--parent-port'];
  return new Promise((resolve, reject) => {
    const forkRunner = forkAsElectron(RUNNER, []);
    station = superviseStation({
      forkStation: forkAsElectron(STATION, args),
      forkRunner: (listeners) =>
        forkRunner({
          ...listeners,
          onMessage: (message) => {
            listeners.onMessage(message);
            onRunner();
          },
        }),
      keys,
      onState: (state) => {
        if (state.state === 'waiting') reject(new Error(`the station ended with ${state.exitCode}`));
        else if (state.state !== 'starting') resolve(state);
      },
      onUnparsed: () => reject(new Error('the station said something that does not parse')),
      now: Date.now,
    });
    station.start();
  });
}

describe('the real station over the parent port', () => {
  test('takes its keys, tells where it listens and how to sign in first, gets its runner, and drains', async () => {
    const keychain = {
      isAsyncEncryptionAvailable: async () => true,
      encryptStringAsync: async (text: string) => Buffer.from(text).reverse(),
      decryptStringAsync: async (bytes: Buffer) => ({ result: Buffer.from(bytes).reverse().toString() }),
    };
    const places = { userDataDir: folder, stationDir: path.join(folder, 'station'), platform: 'darwin' } as const;
    const keys = await obtainStationKeys(keychain, places);
    if (!keys.ok || !keys.value) throw new Error('no keys');

    let runnerSpoke: () => void = () => undefined;
    const runner = new Promise<void>((resolve) => {
      runnerSpoke = resolve;
    });
    const state = await settled(keys.value, () => runnerSpoke());
    if (state.state !== 'ready') throw new Error(JSON.stringify(state));
    expect(state.ready.firstSignIn).toMatchObject({ username: expect.any(String), password: expect.any(String) });
    const live = await fetch(`${state.ready.http}/health/live`);
    await live.body?.cancel();
    expect(live.status).toBe(200);
    await runner;
    // The keys came over the port: those of the objects lie sealed under them, and no other.
    expect(readdirSync(path.join(folder, 'station/vault'))).toEqual(['object-keys.json']);
    await station?.stop();
    await expect(fetch(`${state.ready.http}/health/live`)).rejects.toThrow('fetch failed');

    const wrong = { ...keys.value, databaseKeyHex: 'ab'.repeat(32) };
    expect(await settled(wrong)).toMatchObject({
      state: 'refused',
      code: 'key-wrong',
      text: expect.stringContaining('key'),
    });
    expect(readdirSync(path.join(folder, 'keys'))).toHaveLength(1);
  });
});
