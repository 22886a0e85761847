import { spawn } from 'node:child_process';
import path from 'node:path';

/** The repository's root, from which every command runs. */
export const ROOT = path.resolve(import.meta.dirname, '..');

/** Runs a package's command under the right Node, in a process of its own; gives its exit code and all it printed, and tells it as it comes where somebody waits long. */
export function runCommand(
  command: string,
  args: readonly string[],
  { told = () => undefined }: { readonly told?: (text: Buffer) => void } = {},
): Promise<{ readonly exitCode: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const withNode = path.join(ROOT, 'scripts/with-node.mjs');
    const child = spawn(process.execPath, [withNode, '--bin', command, ...args], {
      cwd: ROOT,
      env: process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        told(chunk);
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
