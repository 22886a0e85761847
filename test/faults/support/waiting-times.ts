import { Worker } from 'node:worker_threads';
import type { Asker } from '../../system/support/ask-station.ts';
import type { RunningStation } from '../../system/support/start-station.ts';

/**
 * How long one in ten waited at most, one of two, and the slowest in a hundred, in ms. What else the machine does makes some
 * wait; that the quickest tenth waits is the station's doing.
 */
export type Waited = { readonly tenth: number; readonly half: number; readonly slowest: number };
/** For a C-ECHO with its association, a call over WebSocket, and a GET. */
export type WaitingTimes = {
  readonly echo: Waited;
  readonly rpc: Waited;
  readonly list: Waited;
  readonly rounds: number;
};

/** What the thread that asks is told. */
export type AskingTurns = {
  readonly dicomPort: number;
  readonly origin: string;
  readonly token: string;
  readonly rounds: number;
};

/**
 * Asks for an echo, and for the worklist by RPC and by GET, in turns, `rounds` times or until `until` settles. On a thread
 * of its own: what the senders in this process keep busy is no waiting for the station.
 */
export async function waitingTimes(
  station: RunningStation,
  who: Asker,
  { rounds, until }: { readonly rounds: number; readonly until?: Promise<unknown> },
): Promise<WaitingTimes> {
  const workerData: AskingTurns = { dicomPort: station.dicom.port, origin: who.origin, token: who.token, rounds };
  const worker = new Worker(new URL('./ask-in-turns.ts', import.meta.url), { workerData });
  const enough = () => worker.postMessage('enough');
  void until?.then(enough, enough);
  const asked = await new Promise<Readonly<Record<'echo' | 'rpc' | 'list', readonly number[]>>>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that asks ended with ${code}`)));
  });
  await worker.terminate();
  return { echo: timesOf(asked.echo), rpc: timesOf(asked.rpc), list: timesOf(asked.list), rounds: asked.echo.length };
}

function timesOf(values: readonly number[]): Waited {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.ceil(sorted.length * share) - 1] ?? 0) * 10) / 10;
  return { tenth: at(0.1), half: at(0.5), slowest: at(0.99) };
}
