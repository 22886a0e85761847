import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { frame, type MllpFault, readFrames } from './mllp-frames.ts';

/** Why a connection was closed by us. */
export type MllpServerFault = MllpFault | { readonly code: 'too-many-connections' | 'not-allowed' | 'idle' };

/** Everything a listener is told when it starts. */
export type MllpServerOptions = {
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  /** Where given, nothing but TLS is spoken. */
  readonly tls?: TlsOptions;
  readonly maxConnections: number;
  readonly maxMessageBytes?: number;
  /** A connection on which nothing comes, or an answer does not leave, for so long is closed. */
  readonly idleMs: number;
  /** Asked with the address of who connects; everybody may unless told. */
  readonly mayConnect?: (address: string) => boolean;
  /**
   * What to answer to a message; null closes the connection without an answer. The next message of the same connection is not
   * read before. What it throws closes the connection unanswered and is told to `onFailure`.
   */
  readonly answer: (message: Buffer, address: string) => Promise<Uint8Array | null>;
  readonly onFault?: (fault: MllpServerFault, address: string) => void;
  readonly onFailure: (error: unknown) => void;
};

/** A listener. */
export type MllpServer = {
  readonly port: number;
  /** Takes no more, lets answers under way leave, and closes. */
  close(): Promise<void>;
};

/** Listens for HL7 v2 messages over MLLP. Rejects with the system's error when it cannot listen. */
export async function startMllpServer(options: MllpServerOptions): Promise<MllpServer> {
  const open = new Map<Socket, { isAnswering: boolean; readonly ended: Promise<void> }>();
  let isClosing = false;
  const receive = (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const refuse = (code: 'too-many-connections' | 'not-allowed') => {
      options.onFault?.({ code }, address);
      socket.destroy();
    };
    // What a peer does to its end of a socket is told by the reading of it.
    socket.on('error', () => undefined);
    if (isClosing) return void socket.destroy();
    if (options.mayConnect?.(address) === false) return refuse('not-allowed');
    if (open.size >= options.maxConnections) return refuse('too-many-connections');
    const connection = { isAnswering: false, ended: Promise.resolve() };
    open.set(socket, {
      get isAnswering() {
        return connection.isAnswering;
      },
      ended: serve(socket, address, connection).finally(() => open.delete(socket)),
    });
  };

  async function serve(socket: Socket, address: string, connection: { isAnswering: boolean }): Promise<void> {
    socket.setKeepAlive(true, 60_000);
    let isAsking = false;
    // An answer that its sender does not read is idleness too: it would hold the connection, and the closing of all, for ever.
    socket.setTimeout(options.idleMs, () => {
      if (isAsking) return;
      options.onFault?.({ code: 'idle' }, address);
      socket.destroy();
    });
    try {
      for await (const read of readFrames(socket, options.maxMessageBytes)) {
        if (!read.ok) {
          options.onFault?.(read.error, address);
          break;
        }
        isAsking = connection.isAnswering = true;
        const answer = await options.answer(read.value, address);
        isAsking = false;
        if (answer === null) break;
        await new Promise<void>((resolve) => socket.write(frame(answer), () => resolve()));
        connection.isAnswering = false;
        if (isClosing) break;
      }
    } catch (error) {
      if (!isSystemError(error)) options.onFailure(error);
    } finally {
      socket.destroy();
    }
  }

  const server =
    options.tls === undefined
      ? createServer(receive)
      : createTlsServer({ ...options.tls }, (socket) => receive(socket));
  server.on('tlsClientError', () => undefined); // somebody who speaks no TLS: their connection is closed already
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', options.onFailure);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const [socket, { isAnswering }] of open) if (!isAnswering) socket.destroy();
      await Promise.all([...open.values()].map(({ ended }) => ended));
      await closed;
    },
  };
}

/** What the network did: `ECONNRESET` and its like, and a socket destroyed while it was read. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
