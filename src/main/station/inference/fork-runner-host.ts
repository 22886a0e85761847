import { type ChildProcess, fork } from 'node:child_process';
import type { RunnerHost } from './runner-host.ts';

/** Owns a runner as a forked Node process: how the station runs it where no desktop app does. */
export function forkRunnerHost(script: string): RunnerHost {
  let child: ChildProcess | null = null;
  let tellMessage: (message: unknown) => void = () => undefined;
  let tellExit: (exit: { readonly code: number | null }) => void = () => undefined;
  return {
    start() {
      if (child !== null) throw new Error('the runner already runs');
      // Its own output goes to the station's stderr: stdout belongs to the ready line.
      const started = fork(script, [], { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'json' });
      child = started;
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
