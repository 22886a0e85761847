import { findParentPort } from '../../platform/parent-port.ts';
import { type RunnerToStation, StationToRunner } from '../runner-protocol.ts';

/** The runner's end of the wire: a forked process's IPC, or the parent port of a utility process. */
export type StationChannel = {
  readonly post: (message: RunnerToStation) => void;
  /** Registers the one listener; what does not parse is not handed on, but told to `onRefused`. */
  readonly listen: (listener: (message: StationToRunner) => void, onRefused: () => void) => void;
};

/** Opens the wire to whoever started this process. Throws when nobody did. A station that goes away takes the runner along. */
export function openStationChannel(): StationChannel {
  const port = findParentPort();
  const send = process.send?.bind(process);
  if (port === null && send === undefined) throw new Error('the runner is started by the station, not by hand');
  if (port === null) process.on('disconnect', () => process.exit(0));
  return {
    post(message) {
      if (port !== null) port.postMessage(message);
      else if (process.connected) send?.(message);
    },
    listen(listener, onRefused) {
      const take = (raw: unknown): void => {
        const parsed = StationToRunner.safeParse(raw);
        if (parsed.success) listener(parsed.data);
        else onRefused();
      };
      if (port !== null) port.on('message', (event) => take(event.data));
      else process.on('message', take);
    },
  };
}
