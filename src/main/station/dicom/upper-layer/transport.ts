import type { Socket } from 'node:net';
import { type PduReader, type Read, readPdus } from './read-pdus.ts';

/** One TCP or TLS connection under an association, with the ARTIM timer of PS3.8 §9.1.5. Never throws. */
export class Transport {
  readonly #socket: Socket;
  readonly #writeMs: number;
  readonly #pdus: PduReader;
  #arriving: Promise<void> | null = null;
  #artim: NodeJS.Timeout | null = null;

  /** Takes over a connected socket. A write waits `writeMs` for the peer to read, then the connection is dropped. */
  constructor(socket: Socket, maxPduLength: number, writeMs: number) {
    this.#socket = socket;
    this.#writeMs = writeMs;
    this.#pdus = readPdus(socket, maxPduLength);
    socket.setNoDelay(true);
    socket.on('error', () => {}); // 'close' follows, and the next read says so
    socket.once('close', () => this.stopArtim());
  }

  /** True while something can still be written. */
  get isWritable(): boolean {
    return this.#socket.writable;
  }

  /**
   * The next PDU, until the one after it is read. `null` waits for ever, a promise until it resolves; a read that timed out
   * goes on, and the next call takes it up.
   */
  async read(limit: number | Promise<void> | null): Promise<Read | 'timed-out'> {
    const ready = this.#pdus.take();
    if (ready !== null) {
      this.#arriving = null;
      return ready;
    }
    this.#arriving ??= this.#pdus.arrived();
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<'timed-out'>((resolve) => {
      if (typeof limit === 'number') timer = setTimeout(resolve, limit, 'timed-out');
      else void limit?.then(() => resolve('timed-out'));
    });
    const isExpired = (await Promise.race([this.#arriving, expiry])) === 'timed-out';
    clearTimeout(timer);
    if (isExpired) return 'timed-out';
    this.#arriving = null;
    const read = this.#pdus.take();
    if (read === null) throw new Error('a PDU was said to have come');
    return read;
  }

  /** Writes and waits until the connection takes more; on a dead one it does nothing: the next read says how it ended. */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable) return;
    let isFlowing = true;
    socket.cork();
    for (const piece of pieces) isFlowing = socket.write(piece);
    socket.uncork();
    if (isFlowing) return;
    await new Promise<void>((resolve) => {
      const giveUp = setTimeout(() => socket.destroy(), this.#writeMs);
      const done = () => {
        clearTimeout(giveUp);
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.once('drain', done).once('close', done);
    });
  }

  /** Discards what still arrives, until the connection is gone. */
  async drain(): Promise<void> {
    if (this.#socket.readableEnded || this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#pdus.drop();
    });
  }

  /** Closes; what was written still leaves, where the peer reads it in time. */
  close(): void {
    this.stopArtim();
    if (this.#socket.destroyed) return;
    const giveUp = setTimeout(() => this.#socket.destroy(), this.#writeMs);
    this.#socket.once('close', () => clearTimeout(giveUp)).destroySoon();
  }

  /** Starts the timer anew; not on a connection that is gone. */
  startArtim(ms: number, onExpiry: () => void): void {
    this.stopArtim();
    if (!this.#socket.destroyed) this.#artim = setTimeout(onExpiry, ms);
  }

  /** Stops the timer. */
  stopArtim(): void {
    if (this.#artim) clearTimeout(this.#artim);
    this.#artim = null;
  }
}
