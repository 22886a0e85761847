import { Worker } from 'node:worker_threads';
import type { TravellingKey } from '../../platform/objects/object-keys.ts';
import { buffersOf, type SeriesRequest } from './prepare-series.ts';
import {
  type FromPreparer,
  type PreparerSettings,
  REQUEST_CELLS,
  type SeriesAnswer,
  type ToPreparer,
} from './series-messages.ts';

/** A series for the run that begins; `isAhead`: it was asked for before, on a hint. */
export type TakenSeries = Omit<SeriesAnswer, 'countedMb'> & { readonly isAhead: boolean };

/** Reads, decodes and prepares series on a thread of its own: while one is computed on, the next one. */
export type SeriesPreparer = {
  /** The series of the run that begins; what was prepared ahead and is another one is let go of. Aborted, it answers `cancelled`. */
  take(request: SeriesRequest, signal: AbortSignal): Promise<TakenSeries>;
  /** Prepares what will probably be taken next, in the place of what was thought so before. */
  prepareAhead(request: SeriesRequest): void;
  /** Lets go of what is prepared ahead; false where nothing is. */
  dropAhead(): boolean;
  useObjectKeys(keys: readonly TravellingKey[]): void;
  /** Ends the thread; what it still prepares is lost. */
  close(): Promise<void>;
};

type Asked = { readonly key: string; readonly cells: Int32Array; readonly answer: Promise<SeriesAnswer> };

/** Starts the thread, and resolves once it listens. A thread that ends is a bug, and ends the process by what `died` throws. */
export function prepareInThread(entry: URL, settings: PreparerSettings, died: () => void): Promise<SeriesPreparer> {
  const worker = new Worker(entry, { workerData: settings });
  const waiting = new Map<number, (answer: SeriesAnswer) => void>();
  const { ahead } = settings;
  let asked = 0;
  let next: Asked | null = null;

  function ask(request: SeriesRequest, isCurrent: boolean): Asked {
    const id = (asked += 1);
    const cells = new Int32Array(new SharedArrayBuffer(8));
    Atomics.store(cells, REQUEST_CELLS.isCurrent, isCurrent ? 1 : 0);
    const answer = new Promise<SeriesAnswer>((resolve) => waiting.set(id, resolve));
    post({ type: 'prepare', id, request, cells });
    return { key: keyOf(request), cells, answer };
  }

  function post(message: ToPreparer): void {
    worker.postMessage(message);
  }

  function dropAhead(): boolean {
    if (next === null) return false;
    const { cells, answer } = next;
    next = null;
    Atomics.store(cells, REQUEST_CELLS.stop, 1);
    void answer.then(({ answer: dropped, countedMb }) => {
      // At once, and not when it is collected: somebody wants the memory.
      if (dropped.ok) for (const buffer of buffersOf(dropped.value)) buffer.transfer(0);
      Atomics.sub(ahead, 0, countedMb);
    });
    return true;
  }

  async function settled({ cells, answer }: Asked, signal: AbortSignal, isAhead: boolean): Promise<TakenSeries> {
    const stop = () => void Atomics.store(cells, REQUEST_CELLS.stop, 1);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const { countedMb, ...said } = await answer;
    signal.removeEventListener('abort', stop);
    Atomics.sub(ahead, 0, countedMb);
    return { ...said, isAhead };
  }

  const preparer: SeriesPreparer = {
    async take(request, signal) {
      const thought = next?.key === keyOf(request) ? next : null;
      if (thought === null) dropAhead();
      else {
        next = null;
        Atomics.store(thought.cells, REQUEST_CELLS.isCurrent, 1);
        const taken = await settled(thought, signal, true);
        // What did not go well ahead may go well now: an object has come, or there is memory again.
        if (taken.answer.ok || signal.aborted) return taken;
      }
      return settled(ask(request, true), signal, false);
    },
    prepareAhead(request) {
      if (next?.key === keyOf(request)) return;
      dropAhead();
      next = ask(request, false);
    },
    dropAhead,
    useObjectKeys: (objectKeys) => post({ type: 'object-keys', objectKeys }),
    async close() {
      worker.removeAllListeners('exit');
      await worker.terminate();
    },
  };

  return new Promise((resolve) => {
    worker.on('error', died);
    worker.on('exit', died);
    worker.on('message', (message: FromPreparer) => {
      if (message.type === 'ready') return resolve(preparer);
      const { id, type: _, ...answer } = message;
      waiting.get(id)?.(answer);
      waiting.delete(id);
    });
  });
}

function keyOf({ rule, instances, otherSeries, fed }: SeriesRequest): string {
  return JSON.stringify([rule, instances, otherSeries, fed]);
}
