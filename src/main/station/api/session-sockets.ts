import type { WebSocket } from 'ws';

/** Closing code for a socket whose session has ended (RFC 6455 §7.4.2 leaves 4000 and up to us). */
export const SESSION_ENDED = 4401;

/** The open sockets of sessions, so that none outlives its session. */
export type SessionSockets = {
  add(socket: WebSocket, stands: () => boolean): void;
  /** Closes every socket whose session no longer stands, a moment later, so that the answer under way still leaves. */
  closeEnded(): void;
  readonly count: number;
  stop(): void;
};

const CHECK_EVERY_MS = 10_000;
const LAST_WORDS_MS = 1000;

/** A registry that also looks by itself, for sessions end by time too. */
export function createSessionSockets(): SessionSockets {
  const sockets = new Map<WebSocket, () => boolean>();
  const close = () => {
    for (const [socket, stands] of sockets) if (!stands()) socket.close(SESSION_ENDED);
  };
  const checks = setInterval(close, CHECK_EVERY_MS);
  checks.unref();
  const pending = new Set<NodeJS.Timeout>();
  return {
    add(socket, stands) {
      sockets.set(socket, stands);
      socket.on('close', () => sockets.delete(socket));
    },
    closeEnded() {
      const timer = setTimeout(() => {
        pending.delete(timer);
        close();
      }, LAST_WORDS_MS);
      pending.add(timer);
    },
    get count() {
      return sockets.size;
    },
    stop() {
      clearInterval(checks);
      for (const timer of pending) clearTimeout(timer);
    },
  };
}
