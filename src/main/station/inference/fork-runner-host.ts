import { type ChildProcess, fork } from 'node:child_process';
import type { RunnerHost } from './runner-host.ts';

/** What the runner printed is told of this long after its first bytes, so that much of it is told once. */
const TELL_NOISE_MS = 10_000;

/**
 * Owns a runner as a forked Node process: how the station runs it where no desktop app does. What it prints is only counted:
 * native libraries and Node's own reports put into it whatever they were working on.
 */
export function forkRunnerHost(script: string, printed: (bytes: number) => void = () => undefined): RunnerHost {
  let child: ChildProcess | null = null;
  let tellMessage: (message: unknown) => void = () => undefined;
  let tellExit: (exit: { readonly code: number | null }) => void = () => undefined;
  return {
    start() {
      if (child !== null) throw new Error('the runner already runs');
      const started = fork(script, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], serialization: 'json' });
      child = started;
      const noise = countNoise(printed);
      started.stdout?.on('data', noise.hear);
      started.stderr?.on('data', noise.hear);
      started.on('close', noise.tell);
      const ended = (code: number | null): void => {
        if (child !== started) return;
        child = null;
        tellExit({ code });
      };
      started.on('message', (message) => {
        if (child === started) tellMessage(message);
      });
      started.on('exit', ended);
      started.on('error', () => {
        // Could not be started, or a message could not be handed over: either way it is of no more use.
        if (started.pid === undefined) ended(null);
        else started.kill('SIGKILL');
      });
    },
    send(message) {
      if (child?.connected) child.send(message);
    },
    kill() {
      child?.kill('SIGKILL');
    },
    onMessage(listener) {
      tellMessage = listener;
    },
    onExit(listener) {
      tellExit = listener;
    },
  };
}

function countNoise(printed: (bytes: number) => void): { hear(chunk: Buffer): void; tell(): void } {
  let bytes = 0;
  let timer: NodeJS.Timeout | null = null;
  const tell = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (bytes > 0) printed(bytes);
    bytes = 0;
  };
  return {
    hear(chunk) {
      bytes += chunk.length;
      timer ??= setTimeout(tell, TELL_NOISE_MS).unref();
    },
    tell,
  };
}
