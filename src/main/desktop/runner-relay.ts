import type { MainToStation, StationToMain } from '../../shared/contract/parent-port.ts';
import type { Child, ChildListeners } from './utility-child.ts';

type RunnerOrder = Extract<StationToMain, { type: `runner-${string}` }>;
type RunnerNews = Extract<MainToStation, { type: `runner-${string}` }>;

/** Keeps the runner for one station process: forks and kills on its order, passes messages both ways without reading them. */
export type RunnerRelay = {
  take(order: RunnerOrder): void;
  /** Kills the runner and tells nobody: the station it belonged to has ended. */
  stop(): void;
};

/** Relays between a station and the runner it asks for. What is forked is fixed by `fork`: a message names no path. */
export function relayRunner(
  fork: (listeners: ChildListeners) => Child,
  tellStation: (news: RunnerNews) => void,
): RunnerRelay {
  let runner: Child | null = null;
  let stopped = false;

  const start = (): void => {
    if (runner || stopped) return;
    runner = fork({
      onMessage: (message) => {
        if (!stopped) tellStation({ type: 'runner-message', message });
      },
      onExit: ({ code }) => {
        runner = null;
        if (!stopped) tellStation({ type: 'runner-exit', code });
      },
    });
  };

  return {
    take(order) {
      switch (order.type) {
        case 'runner-start':
          return start();
        case 'runner-send':
          return runner?.send(order.message);
        case 'runner-kill':
          return runner?.kill();
      }
    },
    stop() {
      stopped = true;
      runner?.kill();
      runner = null;
    },
  };
}
