import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { signInFirst } from '../system/support/ask-station.ts';
import { endEverything, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { slowDisk } from './support/power-cut.ts';
import { builtShim } from './support/shim.ts';
import { type Waited, waitingTimes } from './support/waiting-times.ts';

const SYNC_MS = 20;
const SENDERS = 4;
/** What else is done meanwhile, by senders on the same processors say, may slow anybody by this much. */
const MOST_TIMES_ALONE = 3;
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
    `${what} ${timesText(during[of])} ms, alone ${timesText(alone[of])}`;
  console.log(
    `with ${SYNC_MS} ms a sync: ${perObject.toFixed(1)} ms an object from ${SENDERS} senders; p99 (half, quickest tenth) of ${during.rounds} rounds: ${told('C-ECHO', 'echo')}, ${told('RPC', 'rpc')}, ${told('GET worklist', 'list')}`,
  );
  expect(notAccepted(outcomes)).toEqual([]);
  expect(
    await notStoredAsSent(
      administrator,
      'main',
      studies.flatMap(({ objects }) => objects.slice(0, 5)),
    ),
  ).toEqual([]);
  // The aim is 100 ms for 99 of 100, and is seen on a machine of its own (docs/measured.md): with other work beside it some
  // wait, and how long says nothing of the station. What cannot be noise is the quickest tenth. An echo waits for no sync; a
  // call may wait for the one under way, its own and a file's. Tried with a station whose main thread stood still at every
  // sync: the quickest echoes took 392 ms, 5 as it is, both on a machine six times too busy. One that stands still for its log
  // alone, which objects share, is not told by this.
  const free = (of: 'echo' | 'rpc' | 'list') => MOST_TIMES_ALONE * alone[of].half;
  expect(during.echo.tenth).toBeLessThan(free('echo') + SYNC_MS);
  expect(during.rpc.tenth).toBeLessThan(free('rpc') + 3 * SYNC_MS);
  expect(during.list.tenth).toBeLessThan(free('list') + 3 * SYNC_MS);
  expect(await station.stop()).toBe(0);
});

const timesText = ({ slowest, half, tenth }: Waited) => `${slowest} (${half}, ${tenth})`;
