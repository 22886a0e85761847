import { parentPort, workerData } from 'node:worker_threads';
import { diceOf, mutate } from './mutate.ts';
import { readEverything } from './read-everything.ts';
import { seedsOf } from './seeds.ts';

const { from, to, isReal } = workerData as { readonly from: number; readonly to: number; readonly isReal: boolean };
const seeds = seedsOf(isReal);

for (let number = from; number < to; number += 1) {
  parentPort?.postMessage({ number });
  const dice = diceOf(number);
  const seed = dice.pick(seeds);
  try {
    await readEverything({ ...seed, bytes: mutate(seed.bytes, dice) });
  } catch (error) {
    parentPort?.postMessage({ number, threw: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
