import { Worker } from 'node:worker_threads';
import type { ArrivingFile, ArrivingFiles } from './arriving-file.ts';
import type { Digesting, Keeping } from './file-in-work.ts';
import {
  asError,
  type FileFault,
  type FileMessage,
  type FileReply,
  type FileStep,
  type FileThreadSettings,
  SLOT_HEADER_BYTES,
  SLOT_STATES,
} from './file-thread.ts';

/** The thread works at one slot while the next one fills; to wake it costs about what sealing 64 KiB does. */
const SLOT_BYTES = 256 * 1024;
/** So much of one object may wait for the thread; then its sender waits, and no other. */
const MOST_SLOTS_A_FILE = 4;
/** Beyond so many slots of all objects together each has one: many senders at once hold no more memory than that. */
const MOST_SLOTS_SHARED = 32;

type Slot = {
  readonly number: number;
  readonly memory: SharedArrayBuffer;
  readonly state: Int32Array;
  readonly bytes: Uint8Array;
  isKnown: boolean;
};
type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };
/** One life of the thread: what is asked of it ends with it. */
type Thread = {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
  readonly files: Map<number, { fault: FileFault | null }>;
  readonly free: Slot[];
  readonly slots: Set<Slot>;
  /** The id of the key it was given last. */
  keyId: string | null;
  ended: FileFault | null;
};

/**
 * Digests, seals and writes arriving objects on a thread of its own, which the bytes reach through memory that both share.
 * Where the thread dies, every object in its hands fails, and the next one starts a new thread.
 */
export function arriveInThread(entry: URL, settings: FileThreadSettings): ArrivingFiles {
  let thread = startThread(entry, settings);
  let counted = 0;
  const number = () => (counted += 1);
  return {
    begin(digesting) {
      if (thread.ended !== null) thread = startThread(entry, settings);
      const file = number();
      thread.files.set(file, { fault: null });
      return beginFile(thread, file, digesting, number);
    },
    async close() {
      await thread.worker.terminate();
    },
  };
}

function startThread(entry: URL, settings: FileThreadSettings): Thread {
  const worker = new Worker(entry, { workerData: settings });
  const thread: Thread = {
    ...{ worker, waiting: new Map(), files: new Map(), free: [], slots: new Set(), keyId: null, ended: null },
  };
  const end = (fault: FileFault) => {
    thread.ended ??= fault;
    for (const { reject } of thread.waiting.values()) reject(asError(thread.ended));
    thread.waiting.clear();
    for (const { state } of thread.slots) release(state); // whoever waits for one looks for itself
  };
  worker.on('message', (reply: FileReply) => take(thread, reply));
  worker.on('error', (error) => end({ message: 'the thread of file work failed', code: codeOf(error) }));
  worker.on('exit', () => end({ message: 'the thread of file work ended', code: undefined }));
  worker.unref();
  return thread;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function take(thread: Thread, reply: FileReply): void {
  if (reply.kind === 'broken') {
    const file = thread.files.get(reply.file);
    if (file !== undefined) file.fault = reply.fault;
    return;
  }
  const waiting = endWaiting(thread, reply.request);
  if (reply.kind === 'answer') waiting?.resolve(reply.value);
  else waiting?.reject(asError(reply.fault));
}

function endWaiting(thread: Thread, request: number): Waiting | undefined {
  const waiting = thread.waiting.get(request);
  thread.waiting.delete(request);
  if (thread.waiting.size === 0) thread.worker.unref();
  return waiting;
}

function release(state: Int32Array): void {
  Atomics.store(state, 0, SLOT_STATES.free);
  Atomics.notify(state, 0);
}

function beginFile(thread: Thread, file: number, digesting: Digesting | null, number: () => number): ArrivingFile {
  /** Told with the first message: the thread is not woken for it alone. */
  let beginning: Pick<FileMessage, 'begin'> = { begin: { digesting } };
  /** Filled and not known to be free again, in order. */
  let given: Slot[] = [];
  let filling: Slot | null = null;
  let filled = 0;
  let isKept = false;

  const send = (step: FileStep) => {
    thread.worker.postMessage({ file, ...beginning, ...step } satisfies FileMessage);
    beginning = {};
  };
  const answerTo = <T>(request: number): Promise<T> => {
    if (thread.ended !== null) return Promise.reject(asError(thread.ended));
    return new Promise<unknown>((resolve, reject) => {
      if (thread.waiting.size === 0) thread.worker.ref();
      thread.waiting.set(request, { resolve, reject });
    }) as Promise<T>;
  };
  const ask = <T>(message: (request: number) => FileStep): Promise<T> => {
    const request = number();
    const answer = answerTo<T>(request);
    if (thread.ended === null) send(message(request));
    return answer;
  };
  const handOver = () => {
    if (filling === null) return;
    Atomics.store(filling.state, 0, SLOT_STATES.filled);
    const memory = filling.isKnown ? {} : { memory: filling.memory };
    filling.isKnown = true;
    given.push(filling);
    send({ kind: 'piece', slot: filling.number, length: filled, ...memory });
    filling = null;
    filled = 0;
  };
  const nextSlot = async (): Promise<Slot> => {
    const [oldest] = given;
    if (oldest === undefined) return freeSlot(thread, number);
    const isFree = () => Atomics.load(oldest.state, 0) === SLOT_STATES.free;
    const mayTakeMore =
      given.length < MOST_SLOTS_A_FILE && (thread.free.length > 0 || thread.slots.size < MOST_SLOTS_SHARED);
    if (!isFree() && mayTakeMore) return freeSlot(thread, number);
    while (!isFree() && thread.ended === null) await Atomics.waitAsync(oldest.state, 0, SLOT_STATES.filled).value;
    given.shift();
    return oldest;
  };
  const fault = () => thread.files.get(file)?.fault ?? thread.ended;
  /** Once the thread has answered, nothing of ours waits in a slot. */
  const giveBack = () => {
    thread.free.push(...given);
    given = [];
  };
  const askBehind = async <T>(message: (request: number) => FileStep): Promise<T> => {
    handOver();
    const value = await ask<T>(message);
    giveBack();
    return value;
  };

  return {
    async write(piece) {
      for (let at = 0; at < piece.byteLength; ) {
        const broken = fault();
        if (broken !== null) throw asError(broken);
        filling ??= await nextSlot();
        const part = piece.subarray(at, at + SLOT_BYTES - filled);
        filling.bytes.set(part, filled);
        filled += part.byteLength;
        at += part.byteLength;
        if (filled === SLOT_BYTES) handOver();
      }
    },
    readRange: async (start, length) => {
      const bytes = await askBehind<Uint8Array>((request) => ({ kind: 'read', request, start, length }));
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async keep(digest, key) {
      const news = thread.keyId === key.id ? {} : { key };
      thread.keyId = key.id;
      const request = number();
      const onDisk = answerTo<void>(request);
      onDisk.catch(() => undefined); // whoever keeps it is told
      try {
        const keeping = await askBehind<Keeping>((named) => ({
          ...{ kind: 'keep', request: named, onDisk: request, digest },
          ...news,
        }));
        isKept = keeping.outcome === 'kept';
        return { ...keeping, onDisk };
      } catch (error) {
        endWaiting(thread, request); // what has no name never gets there
        throw error;
      }
    },
    async settle(isReplacing) {
      await askBehind((request) => ({ kind: 'settle', request, isReplacing }));
      isKept = true;
    },
    async discard() {
      if (!thread.files.delete(file) || thread.ended !== null) return; // discarded before
      if (isKept) return send({ kind: 'discard', request: null });
      if (filling !== null) given.push(filling);
      filling = null;
      await ask((request) => ({ kind: 'discard', request }));
      giveBack();
    },
  };
}

function freeSlot(thread: Thread, number: () => number): Slot {
  const kept = thread.free.pop();
  if (kept !== undefined) return kept;
  const memory = new SharedArrayBuffer(SLOT_HEADER_BYTES + SLOT_BYTES);
  const slot = {
    ...{ number: number(), memory, isKnown: false },
    ...{ state: new Int32Array(memory, 0, 1), bytes: new Uint8Array(memory, SLOT_HEADER_BYTES) },
  };
  thread.slots.add(slot);
  return slot;
}
