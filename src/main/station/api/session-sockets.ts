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
  const ending = new Map<WebSocket, NodeJS.Timeout>();
  const closeEnded = () => {
    for (const [socket, stands] of sockets) {
      if (stands() || ending.has(socket)) continue;
      // A moment of its own: whoever signs out just as another's is over still gets the answer.
      ending.set(
        socket,
        setTimeout(() => socket.close(SESSION_ENDED), LAST_WORDS_MS),
      );
    }
  };
  const checks = setInterval(closeEnded, CHECK_EVERY_MS);
  checks.unref();
  return {
    add(socket, stands) {
      sockets.set(socket, stands);
      socket.on('close', () => {
        sockets.delete(socket);
        clearTimeout(ending.get(socket));
        ending.delete(socket);
      });
    },
    closeEnded,
    get count() {
      return sockets.size;
    },
    stop() {
      clearInterval(checks);
      for (const timer of ending.values()) clearTimeout(timer);
    },
  };
}
