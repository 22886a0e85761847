import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { frame, type MllpFault, readFrames } from './mllp-frames.ts';

/** Where to send, and how long to wait. */
export type MllpRemote = {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
  readonly connectMs?: number;
  readonly answerMs?: number;
  readonly maxAnswerBytes?: number;
};

/** What became of a message on the wire; what the answer says is another matter. */
export type MllpOutcome =
  | { readonly state: 'answered'; readonly answer: Buffer }
  /** Not one byte of it was written. */
  | { readonly state: 'never-left'; readonly code: 'unreachable' | 'connect-timed-out' | 'closed' }
  /** It may have been taken: to be sent again with the same control id. */
  | { readonly state: 'unknown'; readonly code: 'no-answer' | 'connection-lost' | MllpFault['code'] };

/** Sends over one connection that is kept between messages. */
export type MllpSender = {
  /** One message after the other, in the order of the calls. */
  send(message: Uint8Array): Promise<MllpOutcome>;
  /** Ends the connection; a message under way is `unknown`, later ones never leave. */
  close(): void;
};

type Connection = { readonly socket: Socket; waiting: ((outcome: MllpOutcome) => void) | null };

/** A sender to a listener. It connects when there is something to send, and anew where the listener hung up meanwhile. */
export function mllpTo(remote: MllpRemote): MllpSender {
  let connection: Connection | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  async function sendNow(message: Uint8Array): Promise<MllpOutcome> {
    if (isClosed) return { state: 'never-left', code: 'closed' };
    const framed = frame(message);
    if (connection === null) {
      const socket = await open(remote);
      if (typeof socket === 'string') return { state: 'never-left', code: socket };
      connection = { socket, waiting: null };
      void listenOn(connection);
      if (isClosed) drop();
    }
    const at = connection;
    if (at === null) return { state: 'never-left', code: 'closed' };
    return new Promise((resolve) => {
      // A connection whose answer did not come is not used again: what comes late would be taken for the next one's.
      const timer = setTimeout(() => {
        at.waiting = null;
        at.socket.destroy();
        resolve({ state: 'unknown', code: 'no-answer' });
      }, remote.answerMs ?? 30_000);
      at.waiting = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      at.socket.write(framed);
    });
  }

  /** Hands each answer to whoever waits; what answers nothing, or is no answer, ends the connection. */
  async function listenOn(at: Connection): Promise<void> {
    let code: (MllpOutcome & { state: 'unknown' })['code'] = 'connection-lost';
    try {
      for await (const read of readFrames(at.socket, remote.maxAnswerBytes)) {
        const { waiting } = at;
        at.waiting = null;
        if (!read.ok) code = read.error.code;
        if (read.ok && waiting !== null) waiting({ state: 'answered', answer: read.value });
        else {
          at.waiting = waiting;
          break;
        }
      }
    } catch {
      // the connection broke, which is told as lost
    }
    at.socket.destroy();
    if (connection === at) connection = null;
    at.waiting?.({ state: 'unknown', code });
    at.waiting = null;
  }

  function drop(): void {
    connection?.socket.destroy();
    connection = null;
  }

  return {
    send(message) {
      const sent = last.then(() => sendNow(message));
      last = sent.catch(() => undefined); // told to whoever sent it
      return sent;
    },
    close() {
      isClosed = true;
      drop();
    },
  };
}

function open({
  host,
  port,
  tls,
  connectMs = 5_000,
}: MllpRemote): Promise<Socket | 'unreachable' | 'connect-timed-out'> {
  return new Promise((resolve) => {
    const socket = tls === undefined ? connectPlain({ host, port }) : connectTls({ ...tls, host, port });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve('connect-timed-out');
    }, connectMs);
    socket.on('error', () => {
      clearTimeout(timer);
      resolve('unreachable');
    });
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.setKeepAlive(true, 60_000);
      resolve(socket);
    });
  });
}
