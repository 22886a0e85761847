import type { IncomingMessage } from 'node:http';
import { RPCHandler } from '@orpc/server/ws';
import type { MessageEvent, WebSocket } from 'ws';
import { z } from 'zod';
import type { HttpHost } from '../platform/http/server.ts';
import type { Log } from '../platform/log.ts';
import type { Authenticator } from './authenticate.ts';
import type { CallContext } from './call-context.ts';
import { spokenError } from './failures.ts';
import type { ApiRouter } from './router.ts';
import type { SessionSockets } from './session-sockets.ts';

/** One procedure call over a socket, answered. */
export type CallAnswered = { readonly procedure: string; readonly status: number; readonly tookMs: number };

const RPC_PATH = '/rpc';
/** Closing code for what is no message of ours (RFC 6455 §7.4.1). */
const UNSUPPORTED_DATA = 1003;

/** Serves the contract over WebSocket to callers with a session, which is asked for again at every call. */
export function serveRpc(
  host: HttpHost,
  router: ApiRouter,
  authenticator: Authenticator,
  sockets: SessionSockets,
  log: Log,
  beforeAnswering: () => Promise<void>,
  onAnswered: (answered: CallAnswered) => void,
): void {
  const handler = new RPCHandler<CallContext>(router, {
    clientInterceptors: [
      async ({ next, path, signal }) => {
        const procedure = path.join('.');
        const fromMs = performance.now();
        let status = 200;
        try {
          const answer = await next();
          await beforeAnswering();
          return answer;
        } catch (error) {
          if (signal?.aborted === true) throw error; // nobody waits for the answer any more
          const spoken = spokenError(error, procedure, log);
          status = spoken.status;
          throw spoken;
        } finally {
          onAnswered({ procedure, status, tookMs: performance.now() - fromMs });
        }
      },
    ],
  });
  host.onUpgrade(RPC_PATH, (request) => {
    if (authenticator.find(request.headers) === null) return { state: 'refused', status: 401 };
    return {
      state: 'accepted',
      take(socket) {
        sockets.add(socket, () => authenticator.find(request.headers) !== null);
        void handler.upgrade(patient(socket), { context: contextOf(request, authenticator) });
      },
    };
  });
}

function contextOf(request: IncomingMessage, authenticator: Authenticator): CallContext {
  return {
    authenticate: (call) => authenticator[call === 'by-itself' ? 'find' : 'use'](request.headers),
    hasGoneIdle: () => authenticator.hasGoneIdle(request.headers),
    address: request.socket.remoteAddress ?? '',
    // A socket's answers carry no cookies: pages sign in and out over HTTP.
    keepToken: () => undefined,
    dropToken: () => undefined,
  };
}

type HandledSocket = Parameters<RPCHandler<CallContext>['upgrade']>[0];

/**
 * The socket as the handler sees it. Sending waits until the bytes have left, so that a slow reader slows its streams
 * instead of filling memory; and what no client of ours sends closes the socket here, since the library would print it.
 */
function patient(socket: WebSocket): HandledSocket {
  const send = (data: Parameters<WebSocket['send']>[0]) =>
    new Promise<void>((resolve) => {
      // A socket that closed meanwhile has nobody left to tell.
      socket.send(data, () => resolve());
    });
  const listen = (type: string, listener: (event: never) => void) => {
    if (type !== 'message') return socket.addEventListener(type as 'close', listener as () => void);
    socket.addEventListener('message', (event: MessageEvent) => {
      if (isClientMessage(event.data)) (listener as (event: MessageEvent) => void)(event);
      else socket.close(UNSUPPORTED_DATA);
    });
  };
  return { send, addEventListener: listen } as unknown as HandledSocket;
}

const MessageId = z.union([z.string(), z.number()]);
/** What clients of the contract send: calls with a JSON body, and the end of one's interest in an answer. */
const ClientMessage = z.union([
  z.strictObject({
    i: MessageId,
    t: z.literal(1).optional(),
    p: z.strictObject({
      u: z.string().startsWith('/').max(2_000),
      b: z.unknown().optional(),
      h: z.strictObject({ 'last-event-id': z.string() }).partial().optional(),
      m: z.string().optional(),
    }),
  }),
  z.strictObject({ i: MessageId, t: z.literal(4), p: z.unknown().optional() }),
]);

function isClientMessage(data: MessageEvent['data']): boolean {
  if (typeof data !== 'string') return false;
  try {
    return ClientMessage.safeParse(JSON.parse(data)).success;
  } catch {
    return false; // that it does not parse is the answer
  }
}
