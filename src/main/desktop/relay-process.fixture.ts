import { fork } from 'node:child_process';
import { StationToMain } from '../../shared/contract/parent-port.ts';
import { asUtilityChild } from './forked-utility.fixture.ts';
import { relayRunner } from './runner-relay.ts';
import { killHard, watchChild } from './utility-child.ts';

// Electron main's part in the test of both runner hosts: the real relay in a process of its own, with forked Node
// processes where Electron would give utility processes. The script of the runner is the one argument.

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
