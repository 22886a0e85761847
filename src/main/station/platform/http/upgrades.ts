import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** What becomes of an upgrade: a refusal's status, or who takes the socket. */
export type UpgradeDecision =
  | { readonly state: 'refused'; readonly status: number }
  | { readonly state: 'accepted'; readonly take: (socket: WebSocket) => void };

/** Decides on an upgrade to one path before a socket exists. */
export type UpgradeHandler = (request: IncomingMessage) => UpgradeDecision;

const LARGEST_MESSAGE_BYTES = 1024 * 1024;
const PING_EVERY_MS = 30_000;

/** Closing code of a station that goes away (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;

/** The WebSockets of a server, by exact path. */
export type Upgrades = {
  on(path: string, handler: UpgradeHandler): void;
  /** Says goodbye to every socket, and ends those that do not answer. */
  close(): void;
};

/** Answers upgrades: `judge` first (a status refuses), then the path's handler; silent sockets are ended. */
export function serveUpgrades(
  server: Server,
  judge: (request: IncomingMessage) => number | null,
  answered: (route: string, status: number) => void,
): Upgrades {
  const handlers = new Map<string, UpgradeHandler>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE_BYTES,
  });
  const silent = new WeakSet<WebSocket>();
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) socket.terminate();
      silent.add(socket);
      socket.ping();
    }
  }, PING_EVERY_MS);
  pings.unref();

  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', () => connection.destroy());
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = handlers.get(path);
    const decision = decide(judge(request), handler, request);
    answered(handler === undefined ? 'unmatched' : path, decision.state === 'accepted' ? 101 : decision.status);
    if (decision.state === 'refused') return refuse(connection, decision.status);
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.on('pong', () => silent.delete(socket));
      // A broken peer is no fault of ours; its close event is what counts.
      socket.on('error', () => socket.terminate());
      decision.take(socket);
    });
  });

  return {
    on: (path, handler) => void handlers.set(path, handler),
    close() {
      clearInterval(pings);
      for (const socket of sockets.clients) {
        socket.close(GOING_AWAY);
        setTimeout(() => socket.terminate(), 1_000).unref();
      }
    },
  };
}

function decide(
  refusal: number | null,
  handler: UpgradeHandler | undefined,
  request: IncomingMessage,
): UpgradeDecision {
  if (refusal !== null) return { state: 'refused', status: refusal };
  return handler === undefined ? { state: 'refused', status: 404 } : handler(request);
}

function refuse(connection: Duplex, status: number): void {
  connection.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
