import { spawn } from 'node:child_process';
import { findPeerProgram } from '../../scripts/debian-peers.ts';
import { CALLED_AE, CALLING_AE, ENVIRONMENT } from './receivers.ts';

/** What sending cost: from the first process's start to the last one's end, and the CPU of all of them. */
export type Sending = { readonly wallS: number; readonly senderCpuS: number };

/** Sends each folder by a `storescu` of its own, all at once; throws where one of them was not answered with success. */
export async function sendFolders(port: number, folders: readonly string[]): Promise<Sending> {
  const beganAt = performance.now();
  const cpu = await Promise.all(folders.map((folder) => sendFolder(port, folder)));
  return { wallS: (performance.now() - beganAt) / 1000, senderCpuS: cpu.reduce((sum, own) => sum + own, 0) };
}

function sendFolder(port: number, folder: string): Promise<number> {
  const storescu = findPeerProgram('storescu') ?? 'storescu';
  const args = ['-aet', CALLING_AE, '-aec', CALLED_AE, '--required', '+sd', '127.0.0.1', String(port), folder];
  // The shell's `times` tells what its child used; nothing else here can.
  const child = spawn('/bin/bash', ['-c', '"$0" "$@"; status=$?; times; exit $status', storescu, ...args], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(cpuSecondsOf(output));
      else reject(new Error(`storescu ended with ${code}:\n${output.slice(-2000)}`));
    });
  });
}

/** The last line of `times`: user and system time of the shell's children, as `0m1.234s`. */
function cpuSecondsOf(output: string): number {
  return (output.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map((text) => /^(\d+)m([\d.]+)s$/.exec(text))
    .reduce((sum, found) => sum + Number(found?.[1] ?? 0) * 60 + Number(found?.[2] ?? 0), 0);
}
