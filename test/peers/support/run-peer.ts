import { execFile } from 'node:child_process';
import { findPeerProgram } from '../../../scripts/debian-peers.ts';

/** How a peer's program ended. */
export type PeerRun = { readonly exitCode: number; readonly output: string };

/** Runs a peer's program to its end, within two minutes. */
export function runPeer(name: string, args: readonly string[]): Promise<PeerRun> {
  const program = findPeerProgram(name);
  if (program === null) throw new Error(`${name} is not on this machine`);
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 120_000, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ exitCode, output: stdout + stderr });
    });
  });
}

/** Whether these programs are all here; says which are not. */
export function havePeers(...names: readonly string[]): boolean {
  const missing = names.filter((name) => findPeerProgram(name) === null);
  if (missing.length > 0) console.log(`skipped: ${missing.join(', ')} not on this machine`);
  return missing.length === 0;
}
