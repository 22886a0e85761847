import type { ParentPort } from '../platform/parent-port.ts';
import type { RunnerHost } from './runner-host.ts';

/** Owns a runner that the desktop app forks for the station: Electron's RunAsNode fuse is off, so the station cannot fork. */
export function parentPortRunnerHost(port: ParentPort): RunnerHost {
  let running = false;
  let tellMessage: Parameters<RunnerHost['onMessage']>[0] = () => {};
  let tellExit: Parameters<RunnerHost['onExit']>[0] = () => {};

  port.listen('runner-message', ({ message }) => {
    if (running) tellMessage(message);
  });
  port.listen('runner-exit', ({ code }) => {
    if (!running) return;
    running = false;
    tellExit({ code });
  });

  return {
    start() {
      if (running) throw new Error('the runner already runs');
      running = true;
      port.send({ type: 'runner-start' });
    },
    send(message) {
      if (running) port.send({ type: 'runner-send', message });
    },
    kill() {
      if (running) port.send({ type: 'runner-kill' });
    },
    onMessage(listener) {
      tellMessage = listener;
    },
    onExit(listener) {
      tellExit = listener;
    },
  };
}
