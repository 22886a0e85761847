/** What the desktop app uses of Electron's UtilityProcess, so that tests can stand a forked process in its place. */
export type UtilityChild = {
  readonly pid?: number | undefined;
  postMessage(message: unknown): void;
  kill(): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'spawn', listener: () => void): unknown;
  once(event: 'exit', listener: (code: number) => void): unknown;
};

/** A child process of the desktop app. */
export type Child = {
  /** Hands a message over, in order; dropped once the process has ended. */
  send(message: unknown): void;
  /** Ends the process at once, whatever it is doing. */
  kill(): void;
};

export type ChildListeners = {
  readonly onMessage: (message: unknown) => void;
  /** Called once; the code is null when `kill` ended the process. */
  readonly onExit: (exit: { readonly code: number | null }) => void;
};

/**
 * Watches a process that was just forked. Before it is spawned it has no id to kill and its port is not promised to be there,
 * so both wait. Electron's own kill asks politely (SIGTERM) and a hung native model does not listen: `killHard` follows.
 */
export function watchChild(child: UtilityChild, listeners: ChildListeners, killHard: (pid: number) => void): Child {
  let state: 'spawning' | 'running' | 'ended' = 'spawning';
  let killed = false;
  const waiting: unknown[] = [];

  const killNow = (): void => {
    child.kill();
    if (child.pid !== undefined) killHard(child.pid);
  };

  child.once('spawn', () => {
    if (state !== 'spawning') return;
    state = 'running';
    if (killed) return killNow();
    for (const message of waiting.splice(0)) child.postMessage(message);
  });
  child.on('message', (message) => {
    if (state !== 'ended' && !killed) listeners.onMessage(message);
  });
  child.once('exit', (code) => {
    if (state === 'ended') return;
    state = 'ended';
    listeners.onExit({ code: killed ? null : code });
  });

  return {
    send(message) {
      if (killed || state === 'ended') return;
      if (state === 'spawning') waiting.push(message);
      else child.postMessage(message);
    },
    kill() {
      if (killed || state === 'ended') return;
      killed = true;
      if (state === 'running') killNow();
    },
  };
}

/** SIGKILL for a process of ours that may already be gone. */
export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the two kills: exactly what was wanted.
  }
}
