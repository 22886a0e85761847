import type { StationToRunner } from './runner-protocol.ts';

/**
 * A way to own one runner process. Headless it forks a Node process; the desktop app asks Electron main for a utility process.
 * Messages arrive unparsed: whoever listens parses them. `onExit` fires once per start, also after `kill`.
 */
export type RunnerHost = {
  /** Starts the process; a host is used again after its process ended. Throws when it already runs. */
  start(): void;
  /** Hands a message over; dropped when no process runs, because its exit was or will be told. */
  send(message: StationToRunner): void;
  /** Ends the process at once, whatever it is doing. */
  kill(): void;
  /** Registers the one listener for what the runner says. */
  onMessage(listener: (message: unknown) => void): void;
  /** Registers the one listener for the end of the process; `code` is null when a signal ended it. */
  onExit(listener: (exit: { readonly code: number | null }) => void): void;
};
