import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable } from 'node:stream';

/** Who takes a connection's bytes. */
export type ByteTaker = {
  /** True where nothing more is to be read for now. */
  readonly isFull: boolean;
  /** Memory to read to. */
  target(): Uint8Array;
  /** So many bytes were read to the target. */
  filled(length: number): void;
  /** Bytes that were read elsewhere; the memory is used anew after this. */
  append(bytes: Uint8Array): void;
};

/** What Node holds of an accepted connection and does not declare. */
type Bare = { _handle: { readonly useUserBuffer?: unknown } | null; _server: unknown };
type Binding = { taker: ByteTaker | null };

const bindings = new WeakMap<Readable, Binding>();
/** Where a connection reads to while its taker is full: the few bytes that come when it goes on are copied out at once. */
const ASIDE = Buffer.allocUnsafeSlow(4096);

/**
 * Gives an accepted connection the form in which it can be read into memory of its taker's: Node does so for connections of
 * our own making alone, and otherwise gives each 64 KiB memory of their own, which costs more than reading them. The one given
 * must not have been read from (`pauseOnConnect`), and is not to be used any more. Where Node is another than we know, it is
 * given back as it is, and read as streams are.
 */
export function readInPlace(accepted: Socket): Socket {
  const bare = accepted as unknown as Bare;
  const { _handle: handle, _server: server } = bare;
  if (typeof handle?.useUserBuffer !== 'function') return accepted;
  const binding: Binding = { taker: null };
  const target = () => {
    const { taker } = binding;
    return taker === null || taker.isFull ? ASIDE : taker.target();
  };
  const options = {
    // Undeclared, too: what it is read by, and that reading begins when somebody asks.
    ...{ handle, manualStart: true },
    onread: {
      buffer: target,
      callback(length: number, bytes: Uint8Array) {
        const { taker } = binding;
        if (bytes === ASIDE) taker?.append(bytes.subarray(0, length));
        else taker?.filled(length);
        return taker !== null && !taker.isFull;
      },
    },
  };
  const socket = new Socket(options as unknown as SocketConstructorOpts);
  // Its server counts it until it is closed.
  (socket as unknown as Bare)._server = server;
  bare._handle = null;
  bare._server = null;
  bindings.set(socket, binding);
  return socket;
}

/** Reads a connection for its taker from now on; gives the way to go on after the taker was full. */
export function readFor(source: Readable, taker: ByteTaker): { goOn(): void } {
  const binding = bindings.get(source);
  if (binding !== undefined) {
    binding.taker = taker;
    const goOn = () => {
      if (!source.destroyed) source.read(0);
    };
    goOn();
    return { goOn };
  }
  source.on('data', (bytes: Uint8Array) => {
    taker.append(bytes);
    if (taker.isFull) source.pause();
  });
  source.resume();
  return { goOn: () => void source.resume() };
}
