export type Quit = {
  /** Quits after asking, unless `ask` is false: the machine shuts down, or a signal says so. */
  request(options: { readonly ask: boolean }): Promise<void>;
  /** Holds Electron's own quitting back until the station has drained. */
  beforeQuit(event: { preventDefault(): void }): void;
};

/** One way out, however it is asked for: ask once, drain the station once, then leave. */
export function openQuit(steps: {
  readonly confirm: () => Promise<boolean>;
  readonly stop: () => Promise<void>;
  readonly leave: () => void;
}): Quit {
  let phase: 'running' | 'asking' | 'stopping' | 'done' = 'running';

  const drain = async (): Promise<void> => {
    phase = 'stopping';
    try {
      await steps.stop();
    } finally {
      phase = 'done';
      steps.leave();
    }
  };

  const request: Quit['request'] = async ({ ask }) => {
    if (phase === 'stopping' || phase === 'done') return;
    if (!ask) return drain();
    if (phase === 'asking') return;
    phase = 'asking';
    const agreed = await steps.confirm();
    // While it asked, a shutdown of the machine may have begun to drain.
    if ((phase as string) !== 'asking') return;
    if (agreed) return drain();
    phase = 'running';
  };

  return {
    request,
    beforeQuit(event) {
      if (phase === 'done') return;
      event.preventDefault();
      void request({ ask: true });
    },
  };
}
