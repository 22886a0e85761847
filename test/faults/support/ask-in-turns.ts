import { parentPort, workerData } from 'node:worker_threads';
import { echo } from '../../../src/main/station/dicom/scu.ts';
import { askAs, openSocket } from '../../system/support/ask-station.ts';
import type { AskingTurns } from './waiting-times.ts';

const { dicomPort, origin, token, rounds } = workerData as AskingTurns;
const who = askAs(origin, token);
const { client, close } = await openSocket(who);
const waited = { echo: [] as number[], rpc: [] as number[], list: [] as number[] };
let isEnough = false;
parentPort?.once('message', () => (isEnough = true));

async function timed(into: number[], ask: () => Promise<unknown>): Promise<void> {
  const fromMs = performance.now();
  await ask();
  into.push(performance.now() - fromMs);
}

const remote = { host: '127.0.0.1', port: dicomPort, calledAe: 'WETREAD', callingAe: 'ECHOSCU' };
for (let count = 0; count < rounds && !isEnough; count += 1) {
  await timed(waited.echo, async () => {
    const answered = await echo(remote);
    if (!answered.ok || answered.value !== 0) throw new Error(`an echo was answered ${JSON.stringify(answered)}`);
  });
  await timed(waited.rpc, () => client.worklist.list({ limit: 50 }));
  await timed(waited.list, () => who.worklist());
}
close();
parentPort?.postMessage(waited);
