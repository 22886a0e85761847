import { expect, test } from 'vitest';
import type { MainToStation } from '../../../shared/contract/parent-port.ts';
import { findParentPort, openParentPort, type RawParentPort } from './parent-port.ts';

function scriptedPort() {
  const sent: unknown[] = [];
  let deliver: (event: { readonly data: unknown }) => void = () => {};
  const raw: RawParentPort = {
    postMessage: (message) => sent.push(message),
    on: (_, listener) => {
      deliver = listener;
    },
  };
  return { raw, sent, say: (data: unknown) => deliver({ data }) };
}

test('hands over what came before anyone listened, in order and once', () => {
  const { raw, say } = scriptedPort();
  const port = openParentPort(raw, () => {});
  say({ type: 'runner-message', message: 1 });
  say({ type: 'runner-exit', code: 0 });
  say({ type: 'runner-message', message: 2 });
  const heard: MainToStation[] = [];
  port.listen('runner-message', (message) => heard.push(message));
  say({ type: 'runner-message', message: 3 });
  expect(heard.map((message) => (message as { message: unknown }).message)).toEqual([1, 2, 3]);
  const exits: MainToStation[] = [];
  port.listen('runner-exit', (message) => exits.push(message));
  expect(exits).toEqual([{ type: 'runner-exit', code: 0 }]);
});

test('gives the keys that were sent first, or the leave to find its own', async () => {
  const keys = {
    databaseKeyHex: 'ab'.repeat(32),
    signingKeyPem: '-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n',
  };
  const first = scriptedPort();
  const port = openParentPort(first.raw, () => {});
  first.say({ type: 'keys', keys });
  await expect(port.keys()).resolves.toEqual(keys);

  const second = scriptedPort();
  const awaited = openParentPort(second.raw, () => {}).keys();
  second.say({ type: 'keys', keys: null });
  await expect(awaited).resolves.toBeNull();
});

test('drops a message that does not parse and says so', () => {
  const { raw, say } = scriptedPort();
  let refused = 0;
  const port = openParentPort(raw, () => {
    refused += 1;
  });
  let told = 0;
  port.listen('shutdown', () => {
    told += 1;
  });
  for (const wrong of [null, 'shutdown', { type: 'shutdown', now: true }, { type: 'erase' }]) say(wrong);
  say({ type: 'shutdown' });
  expect({ refused, told }).toEqual({ refused: 4, told: 1 });
});

test('finds no port in a process that Electron did not start', () => {
  const { raw } = scriptedPort();
  expect([findParentPort(), findParentPort({ parentPort: raw })]).toEqual([null, raw]);
});
