import type { Readable } from 'node:stream';
import type { Result } from '../../../../shared/domain/result.ts';
import type { Pdu } from './pdu.ts';
import { PduBuffer } from './pdu-buffer.ts';
import { type ByteTaker, readFor } from './read-in-place.ts';
import type { PduFault } from './rejection.ts';

/** What a read gives: a PDU, a fault, or the end of what can be read. */
export type Read = IteratorResult<Result<Pdu, PduFault>, undefined>;

/** The PDUs of a connection. */
export type PduReader = {
  /** The next one where it has come, else null. What the one before it holds is no longer there. */
  take(): Read | null;
  /** The next one, or the end. Only one may be waited for; it is not taken. */
  arrived(): Promise<void>;
  /** Passes over whatever still comes. */
  drop(): void;
};

const END: Read = { done: true, value: undefined };
const NOTHING: ByteTaker = {
  isFull: false,
  target: () => IGNORED,
  filled: () => undefined,
  append: () => undefined,
};
const IGNORED = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Reads the PDUs of a connection from when one is first waited for, at most one ahead of those that were taken, so that pressure
 * reaches TCP. Ends when the peer closes or the connection breaks, also in the middle of a PDU; ends after the first fault, since
 * nothing that follows can be trusted. A P-DATA-TF longer than `maxPduLength` bytes is a fault.
 */
export function readPdus(source: Readable, maxPduLength: number): PduReader {
  const pdus = new PduBuffer(maxPduLength);
  let isOver = false;
  let isDropping = false;
  let waiting: (() => void) | null = null;
  let ready: Read | null = null;

  const look = (): Read | null => {
    const wasFull = pdus.isFull;
    const pdu = pdus.take();
    if (pdu === null) return isOver ? END : null;
    if (!pdu.ok) isOver = true;
    else if (wasFull && !pdus.isFull) reading?.goOn();
    return { done: false, value: pdu };
  };
  const wake = () => {
    if (waiting === null) return;
    ready ??= look();
    if (ready === null) return;
    const tell = waiting;
    waiting = null;
    tell();
  };
  const taker: ByteTaker = {
    get isFull() {
      return isDropping ? NOTHING.isFull : pdus.isFull;
    },
    target: () => (isDropping ? NOTHING : pdus).target(),
    filled(length) {
      (isDropping ? NOTHING : pdus).filled(length);
      wake();
    },
    append(bytes) {
      (isDropping ? NOTHING : pdus).append(bytes);
      wake();
    },
  };
  const end = () => {
    isOver = true;
    wake();
  };
  source.once('end', end).once('close', end).once('error', end); // a reset is an end
  let reading: ReturnType<typeof readFor> | null = null;

  return {
    take() {
      const read = ready ?? look();
      ready = null;
      return read;
    },
    arrived() {
      reading ??= readFor(source, taker);
      ready ??= look();
      if (ready !== null) return Promise.resolve();
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    drop() {
      isDropping = true;
      reading ??= readFor(source, taker);
      reading.goOn();
    },
  };
}
