import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { echo } from '../../../src/main/station/dicom/scu.ts';
import { associateRequest, dataPdu, storeCommand } from '../../peers-scripted/raw-dicom-peer.ts';
import type { RunningStation } from '../../system/support/start-station.ts';
import { remoteOf } from '../../system/support/studies.ts';
import { type Dice, diceOf, mutate } from './mutate.ts';
import { type Seed, seedsOf } from './seeds.ts';

/** What a station was worth after mutated streams. */
export type StationAttacked = {
  readonly cases: number;
  /** Cases after which a C-ECHO from another peer failed, or took longer than 30 s; or the process was gone. */
  readonly failures: readonly string[];
  readonly peakMiB: number;
};

const AT_ONCE = 6;
const LINGER_MS = 60;
const ECHO_EVERY = 50;
const CT = '1.2.840.10008.5.1.4.1.1.2';

/** Sends the cases `from` to `to`, each over a connection of its own, and asks in between whether the station still answers. */
export async function attackStation(station: RunningStation, from: number, to: number): Promise<StationAttacked> {
  const seeds = seedsOf(false).filter(({ transferSyntaxUid }) => transferSyntaxUid === '1.2.840.10008.1.2.1');
  const failures: string[] = [];
  let next = from;
  const attack = async () => {
    while (next < to && failures.length === 0) {
      const number = next;
      next += 1;
      await sendCase(station, diceOf(number), seeds);
      if (number % ECHO_EVERY !== 0) continue;
      const fromMs = performance.now();
      const answered = await echo(remoteOf(station, { callingAe: 'ECHOSCU' })).catch((error: unknown) => String(error));
      const isWell = typeof answered === 'object' && JSON.stringify(answered).includes('true');
      const ms = Math.round(performance.now() - fromMs);
      if (!isWell || ms > 30_000)
        failures.push(`${number}: the station answers no echo (${JSON.stringify(answered)}, ${ms} ms)`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attack));
  return { cases: to - from, failures, peakMiB: peakMiBOf(station.pid) };
}

/** An association as it should be, with something wrong in its request, its commands, its PDUs or its data set. */
function streamOf(dice: Dice, seeds: readonly Seed[]): Uint8Array {
  const request = associateRequest([CT, '1.2.840.10008.1.1'], { callingAe: 'MODALITY1' });
  const command = dataPdu(storeCommand({ affectedSopInstance: '2.25.1001' }));
  const dataSet = dice.pick(seeds).bytes;
  const body = (bytes: Uint8Array) => dataPdu({ contextId: 1, isCommand: false, isLast: true, data: bytes });
  const release = Buffer.from('05000000000400000000', 'hex');
  switch (dice.roll(4)) {
    case 0:
      return mutate(request, dice);
    case 1:
      return Buffer.concat([request, mutate(Buffer.concat([command, body(dataSet), release]), dice)]);
    case 2:
      return mutate(Buffer.concat([request, command, body(dataSet), release]), dice);
    default:
      return Buffer.concat([request, command, body(mutate(dataSet, dice)), release]);
  }
}

/** Writes the stream and takes whatever comes back until the other side closes or a moment has passed. */
async function sendCase(station: RunningStation, dice: Dice, seeds: readonly Seed[]): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: station.dicom.port });
  socket.on('error', () => undefined); // being cut off is the answer to much of this
  socket.resume();
  const closed = once(socket, 'close').catch(() => undefined);
  socket.write(streamOf(dice, seeds));
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, LINGER_MS))]);
  socket.destroy();
  await closed;
}

/** The most memory the process ever held (Linux); 0 elsewhere. */
function peakMiBOf(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(peak ?? 0) / 1024);
}
