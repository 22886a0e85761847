import type { ChildProcess } from 'node:child_process';
import type { UtilityChild } from './utility-child.ts';

/** A forked Node process that behaves as Electron describes UtilityProcess: an exit always has a code, a signal's too. */
export function asUtilityChild(child: ChildProcess): UtilityChild {
  return {
    get pid() {
      return child.exitCode === null && child.signalCode === null ? child.pid : undefined;
    },
    postMessage: (message) => void child.send(message as object),
    kill: () => child.kill('SIGTERM'),
    on: (event, listener) => child.on(event, listener),
    once: (event: 'spawn' | 'exit', listener: (code: number) => void) =>
      event === 'spawn'
        ? child.once('spawn', listener)
        : child.once('exit', (code, signal) => listener(code ?? (signal === 'SIGKILL' ? 9 : 15))),
  };
}
