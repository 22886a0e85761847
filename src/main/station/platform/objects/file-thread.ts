import type { MessagePort } from 'node:worker_threads';
import { type Digesting, type FileInWork, type Keeping, openFileWork } from './file-in-work.ts';
import type { ObjectKey } from './sealed-format.ts';

/** What the thread of file work is started with. */
export type FileThreadSettings = { readonly root: string };

/** What passes between the main thread and a slot's reader: the state, for `Atomics`, then the bytes. */
export const SLOT_STATES = { free: 0, filled: 1 } as const;
/** Where a slot's bytes begin behind its state. */
export const SLOT_HEADER_BYTES = 8;

/** One thing the thread is told of a file, in order. Those with a `request` are answered. */
export type FileMessage = {
  readonly file: number;
  /** With the first that is told of it. */
  readonly begin?: { readonly digesting: Digesting | null };
} & FileStep;
/** What it is told. */
export type FileStep =
  /** The slot is free again once its bytes are in the file; its memory is given with its first use. */
  | {
      readonly kind: 'piece';
      readonly slot: number;
      readonly length: number;
      readonly memory?: SharedArrayBuffer;
    }
  | {
      readonly kind: 'read';
      readonly request: number;
      readonly start: number;
      readonly length: number;
    }
  /** The key is given where it is another than the time before. */
  | {
      readonly kind: 'keep';
      readonly request: number;
      /** Answered once a file that was named is on the disk. */
      readonly onDisk: number;
      readonly digest: string | null;
      readonly key?: ObjectKey;
    }
  | { readonly kind: 'settle'; readonly request: number; readonly isReplacing: boolean }
  /** Of a file that was kept nobody waits until it is let go of. */
  | { readonly kind: 'discard'; readonly request: number | null };

/** An error as it crosses: the system's code, where it has one. */
export type FileFault = { readonly message: string; readonly code: string | undefined };
/** What the thread says: an answer, or that a file takes nothing more. */
export type FileReply =
  | { readonly kind: 'answer'; readonly request: number; readonly value: unknown }
  | { readonly kind: 'fault'; readonly request: number; readonly fault: FileFault }
  | { readonly kind: 'broken'; readonly file: number; readonly fault: FileFault };

type Slot = { readonly state: Int32Array; readonly bytes: Buffer };
type Open = { readonly work: FileInWork | null; fault: FileFault | null };

/** Does the file work that comes through a port, for ever. */
export function serveFileWork(port: MessagePort, { root }: FileThreadSettings): void {
  const files = openFileWork(root);
  const slots = new Map<number, Slot>();
  const open = new Map<number, Open>();
  let key: ObjectKey | null = null;
  const say = (reply: FileReply) => port.postMessage(reply);
  const breakOff = (file: number, work: FileInWork | null, error: unknown) => {
    const fault = faultOf(error);
    open.set(file, { work, fault });
    say({ kind: 'broken', file, fault });
  };
  const answerWith = (request: number | null, value: Promise<unknown>) => {
    value.then(
      (told) => request !== null && say({ kind: 'answer', request, value: told }),
      (error: unknown) => request !== null && say({ kind: 'fault', request, fault: faultOf(error) }),
    );
  };
  const begin = (file: number, digesting: Digesting | null) => {
    try {
      open.set(file, { work: files.begin(digesting), fault: null });
    } catch (error) {
      breakOff(file, null, error);
    }
  };
  const take = (message: FileMessage & { kind: 'piece' }) => {
    const { file } = message;
    const slot = slotOf(slots, message.slot, message.memory);
    const { work, fault } = opened(open, file);
    try {
      if (fault === null) work?.write(slot.bytes.subarray(0, message.length));
    } catch (error) {
      breakOff(file, work, error);
    } finally {
      Atomics.store(slot.state, 0, SLOT_STATES.free);
      Atomics.notify(slot.state, 0);
    }
  };
  const answer = (message: Exclude<FileMessage, { kind: 'piece' }>): unknown => {
    const { work, fault } = opened(open, message.file);
    if (message.kind === 'discard') {
      open.delete(message.file);
      return work?.discard();
    }
    if (fault !== null || work === null) throw asError(fault ?? { message: 'a file did not begin', code: undefined });
    switch (message.kind) {
      case 'read':
        return work.readRange(message.start, message.length);
      case 'keep':
        key = message.key ?? key;
        if (key === null) throw new Error('no key to seal objects with');
        return work.keep(message.digest, key).then(({ onDisk, ...keeping }): Keeping => {
          answerWith(message.onDisk, onDisk);
          return keeping;
        });
      case 'settle':
        return work.settle(message.isReplacing);
    }
  };
  port.on('message', (message: FileMessage) => {
    if (message.begin !== undefined) begin(message.file, message.begin.digesting);
    if (message.kind === 'piece') return take(message);
    const { request } = message;
    try {
      const value = answer(message);
      if (value instanceof Promise) answerWith(request, value);
      else if (request !== null) say({ kind: 'answer', request, value });
    } catch (error) {
      if (request !== null) say({ kind: 'fault', request, fault: faultOf(error) });
    }
  });
}

function opened(open: ReadonlyMap<number, Open>, file: number): Open {
  const found = open.get(file);
  if (found === undefined) throw new Error('a file is told of that did not begin');
  return found;
}

function slotOf(slots: Map<number, Slot>, number: number, memory: SharedArrayBuffer | undefined): Slot {
  const known = slots.get(number);
  if (known !== undefined) return known;
  if (memory === undefined) throw new Error('a slot is told of that has no memory');
  const slot = { state: new Int32Array(memory, 0, 1), bytes: Buffer.from(memory, SLOT_HEADER_BYTES) };
  slots.set(number, slot);
  return slot;
}

function faultOf(error: unknown): FileFault {
  const { message, code } = error as NodeJS.ErrnoException;
  return { message, code };
}

/** The error that a fault was. */
export function asError({ message, code }: FileFault): Error {
  const error = new Error(message);
  return code === undefined ? error : Object.assign(error, { code });
}
