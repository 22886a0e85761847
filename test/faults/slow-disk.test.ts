import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { signInFirst } from '../system/support/ask-station.ts';
import { endEverything, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { slowDisk } from './support/power-cut.ts';
import { builtShim } from './support/shim.ts';
import { waitingTimes } from './support/waiting-times.ts';

const SYNC_MS = 20;
const SENDERS = 4;
const shim = builtShim('disk-shim');

afterAll(endEverything);

test.skipIf(shim === null)(`a disk that takes ${SYNC_MS} ms a sync slows the senders and nobody else`, async () => {
  const root = path.join(temporaryFolder(), 'disk');
  mkdirSync(root);
  const station = await startStation({ data: path.join(root, 'data'), env: slowDisk(root, shim ?? '', SYNC_MS) });
  const administrator = await signInFirst(station);
  const alone = await waitingTimes(station, administrator, { rounds: 30 });
  const studies = Array.from({ length: SENDERS }, (_, sender) =>
    phantomStudy({ seed: 6000 + sender, matrix: 64, slices: 60, withScout: false }),
  );
  const startedAt = performance.now();
  const sending = Promise.all(studies.map(({ objects }) => sendObjects(remoteOf(station), objects)));
  const during = await waitingTimes(station, administrator, { rounds: 1000, until: sending });
  const outcomes = (await sending).flat();
  const perObject = (performance.now() - startedAt) / outcomes.length;
  const told = (what: string, of: 'echo' | 'rpc' | 'list') =>
    `${what} ${during[of].slowest} (${during[of].half}) ms, alone ${alone[of].slowest} (${alone[of].half})`;
  console.log(
    `with ${SYNC_MS} ms a sync: ${perObject.toFixed(1)} ms an object from ${SENDERS} senders; p99 (half) of ${during.rounds} rounds: ${told('C-ECHO', 'echo')}, ${told('RPC', 'rpc')}, ${told('GET worklist', 'list')}`,
  );
  expect(notAccepted(outcomes)).toEqual([]);
  expect(
    await notStoredAsSent(
      administrator,
      'main',
      studies.flatMap(({ objects }) => objects.slice(0, 5)),
    ),
  ).toEqual([]);
  // The aim is 100 ms for 99 of 100. A station that waited for each sync in turn would keep everybody waiting for a
  // second; a machine with other work keeps some waiting, and those who are alone as well.
  expect(during.echo.half).toBeLessThan(1000 + 10 * alone.echo.half);
  expect(during.rpc.half).toBeLessThan(1000 + 10 * alone.rpc.half);
  expect(during.list.half).toBeLessThan(1000 + 10 * alone.list.half);
  expect(await station.stop()).toBe(0);
});
