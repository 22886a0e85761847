import { type ChildProcess, fork } from 'node:child_process';
import { StationToMain } from '../../shared/contract/parent-port.ts';
import { relayRunner } from './runner-relay.ts';
import { killHard, type UtilityChild, watchChild } from './utility-child.ts';

// Electron main's part in the test of both runner hosts: the real relay in a process of its own, with forked Node
// processes where Electron would give utility processes. The script of the runner is the one argument.

/** A forked process that behaves as Electron describes UtilityProcess: an exit always has a code, a signal's too. */
function asUtilityChild(child: ChildProcess): UtilityChild {
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

const script = process.argv[2];
if (script === undefined) throw new Error('which runner?');

const relay = relayRunner(
  (listeners) => watchChild(asUtilityChild(fork(script)), listeners, killHard),
  (news) => process.send?.(news),
);
process.on('message', (data) => {
  const message = StationToMain.parse(data);
  if (message.type === 'runner-start' || message.type === 'runner-send' || message.type === 'runner-kill')
    relay.take(message);
});
process.on('disconnect', () => {
  relay.stop();
  process.exit(0);
});
