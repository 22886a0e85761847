import { create } from 'zustand';
import { RPCLink } from '@orpc/client/websocket';
import { StationUnreachable } from './failure.ts';
import { confirmSession } from './session.ts';

/** Whether the page hears the station: `open`, or since when it does not. */
export type ConnectionState =
  | { readonly state: 'closed' }
  | { readonly state: 'connecting'; readonly sinceMs: number }
  | { readonly state: 'open'; readonly sinceMs: number };

/** The socket's state, for components to follow. */
export const useConnection = create<ConnectionState>()(() => ({ state: 'closed' }));

type StationLink = RPCLink<Record<never, never>>;

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
const PATIENCE_MS = 8_000;

/** Keeps one socket to the station open while somebody is signed in: reopens it with growing pauses, gives up at sign-out. */
export class Connection {
  readonly #address: string;
  #socket: WebSocket | null = null;
  #link: StationLink | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #wanted = false;
  readonly #waiting = new Set<(link: StationLink | null) => void>();

  constructor(address: string) {
    this.#address = address;
  }

  /** Opens the socket, and keeps it open until `close`. */
  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    useConnection.setState({ state: 'connecting', sinceMs: Date.now() }, true);
    this.#connect();
  }

  /** Closes the socket and stays closed. */
  close(): void {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#socket?.close();
    this.#socket = null;
    this.#link = null;
    this.#answerWaiting(null);
    useConnection.setState({ state: 'closed' }, true);
  }

  /** The link over the open socket; waits a little for one that is just coming up, then fails as unreachable. */
  link(): Promise<StationLink> {
    if (this.#link !== null) return Promise.resolve(this.#link);
    if (!this.#wanted) return Promise.reject(new StationUnreachable());
    return new Promise((resolve, reject) => {
      const settle = (link: StationLink | null) => {
        clearTimeout(patience);
        this.#waiting.delete(settle);
        if (link === null) reject(new StationUnreachable());
        else resolve(link);
      };
      const patience = setTimeout(() => settle(null), PATIENCE_MS);
      this.#waiting.add(settle);
    });
  }

  #connect(): void {
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.#retryMs = FIRST_RETRY_MS;
      this.#link = new RPCLink({ websocket: untilClosed(socket) });
      useConnection.setState({ state: 'open', sinceMs: Date.now() }, true);
      this.#answerWaiting(this.#link);
    });
    socket.addEventListener('close', () => {
      if (socket !== this.#socket || !this.#wanted) return;
      const wasOpen = this.#link !== null;
      this.#link = null;
      if (wasOpen) useConnection.setState({ state: 'connecting', sinceMs: Date.now() }, true);
      this.#retry = setTimeout(() => void this.#again(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    });
  }

  /** A browser does not say why an upgrade was refused, so ask over HTTP whether the session still stands. */
  async #again(): Promise<void> {
    const session = await confirmSession();
    if (!this.#wanted) return;
    if (session.state === 'signed-out') this.close();
    else this.#connect();
  }

  #answerWaiting(link: StationLink | null): void {
    for (const settle of [...this.#waiting]) settle(link);
  }
}

/**
 * The socket as the link uses it. While it closes, what the link still says (that a call was given up) is dropped: the
 * link would throw where nobody catches. The close that follows ends every call.
 */
function untilClosed(socket: WebSocket): SocketOfLink {
  return {
    addEventListener: socket.addEventListener.bind(socket),
    removeEventListener: socket.removeEventListener.bind(socket),
    get readyState() {
      return socket.readyState === WebSocket.CLOSING ? WebSocket.OPEN : socket.readyState;
    },
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
  };
}

type SocketOfLink = ConstructorParameters<typeof RPCLink>[0]['websocket'];
