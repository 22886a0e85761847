import { type StationKeys, type StationReady, StationToMain } from '../../shared/contract/parent-port.ts';
import { relayRunner } from './runner-relay.ts';
import type { Child, ChildListeners } from './utility-child.ts';

/** Where the station stands, for the tray and the window. */
export type StationState =
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly ready: StationReady }
  /** It ended by itself and starts again after `delayMs`. */
  | { readonly state: 'waiting'; readonly exitCode: number | null; readonly delayMs: number; readonly failures: number }
  /** It said why it cannot run; a person acts, then asks to start again. */
  | { readonly state: 'refused'; readonly code: string; readonly text: string | null }
  | { readonly state: 'stopped' };

export type StationProcess = {
  /** Starts the station, also after it refused; without effect while it runs or is about to. */
  start(): void;
  /** Asks it to drain, waits for its end, and kills it when the grace is over. Resolves when no process is left. */
  stop(): Promise<void>;
};

type Fork = (listeners: ChildListeners) => Child;

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** A station that was ready this long is well: the next failure counts as the first again. */
const STEADY_AFTER_MS = 60_000;
/** After it said why it cannot run nothing of it is open, but its port to us may keep the process. */
const FATAL_GRACE_MS = 2_000;
/** Longer than the station takes to drain its receivers and write its checkpoint. */
const STOP_GRACE_MS = 20_000;

/** How long to wait before the start after so many failures in a row, in milliseconds. */
export function restartDelayMs(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 10));
}

/** Owns the station process: keys first, restarts with back-off when it dies, its runner beside it, `shutdown` at the end. */
export function superviseStation(options: {
  readonly forkStation: Fork;
  readonly forkRunner: Fork;
  readonly keys: StationKeys | null;
  readonly onState: (state: StationState) => void;
  /** A message of the station that does not parse: a bug of ours, worth a line in the log. */
  readonly onUnparsed: () => void;
  readonly now: () => number;
}): StationProcess {
  let station: Child | null = null;
  let restart: NodeJS.Timeout | null = null;
  let failures = 0;
  let ended: (() => void) | null = null;
  let stopping: Promise<void> | null = null;

  const spawn = (): void => {
    restart = null;
    let fatal: { readonly code: string; readonly text: string | null } | null = null;
    let ending: NodeJS.Timeout | null = null;
    let readyAtMs: number | null = null;
    options.onState({ state: 'starting' });

    const relay = relayRunner(options.forkRunner, (news) => child.send(news));
    const child = options.forkStation({
      onMessage: (data) => {
        const parsed = StationToMain.safeParse(data);
        if (!parsed.success) return options.onUnparsed();
        const message = parsed.data;
        switch (message.type) {
          case 'ready':
            readyAtMs = options.now();
            return options.onState({ state: 'ready', ready: message });
          case 'fatal':
            fatal = { code: message.code, text: message.text ?? null };
            ending = setTimeout(() => child.kill(), FATAL_GRACE_MS);
            return;
          case 'runner-start':
          case 'runner-send':
          case 'runner-kill':
            return relay.take(message);
        }
      },
      onExit: ({ code }) => {
        relay.stop();
        if (ending) clearTimeout(ending);
        station = null;
        if (stopping) return ended?.();
        if (fatal !== null) return options.onState({ state: 'refused', ...fatal });
        const steady = readyAtMs !== null && options.now() - readyAtMs >= STEADY_AFTER_MS;
        failures = steady ? 1 : failures + 1;
        const delayMs = restartDelayMs(failures);
        restart = setTimeout(spawn, delayMs);
        options.onState({ state: 'waiting', exitCode: code, delayMs, failures });
      },
    });
    station = child;
    child.send({ type: 'keys', keys: options.keys });
  };

  const stop = async (): Promise<void> => {
    if (restart) clearTimeout(restart);
    restart = null;
    const running = station;
    if (running) {
      await new Promise<void>((resolve) => {
        const grace = setTimeout(() => running.kill(), STOP_GRACE_MS);
        ended = () => {
          clearTimeout(grace);
          resolve();
        };
        running.send({ type: 'shutdown' });
      });
    }
    options.onState({ state: 'stopped' });
  };

  return {
    start() {
      if (!station && !restart && !stopping) spawn();
    },
    stop() {
      // Set before the first await: an exit from here on is the wanted one.
      const begun = stopping ?? Promise.resolve().then(stop);
      stopping = begun;
      return begun;
    },
  };
}
