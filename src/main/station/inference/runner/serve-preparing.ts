import { setImmediate } from 'node:timers/promises';
import { holdObjectKeys } from '../../platform/objects/object-keys.ts';
import { readObjectStart } from '../../platform/objects/read-start.ts';
import { keepFrameRoom } from './frame-room.ts';
import { buffersOf, prepareSeries } from './prepare-series.ts';
import { type ReadInto, rememberReads } from './remember-reads.ts';
import { type FromPreparer, type PreparerSettings, REQUEST_CELLS, type ToPreparer } from './series-messages.ts';
import { timeStages } from './stage-timer.ts';

const MIB = 2 ** 20;
/** Enough for a large CT series: what one model read the next one need not. */
const REMEMBERED_MB = 512;
/** Room for the frames of a large CT series. */
const KEPT_ROOM_MB = 256;
/** What is prepared for a run to come leaves the machine at least this much, in MiB. */
const LEFT_FREE_MB = 256;

/** Prepares series, one after another in the order asked. What is prepared ahead is given up where memory runs short. */
export function servePreparing(
  { objectsDir, objectKeys, ahead }: PreparerSettings,
  post: (message: FromPreparer, transfer: ArrayBuffer[]) => void,
): (message: ToPreparer) => void {
  const keys = holdObjectKeys(objectKeys);
  // On this thread, which has nothing else to do: hops to others cost as much as reading does. Before each, news of keys is heard.
  const readHere: ReadInto = async (digest, encoding, allocate) => {
    await setImmediate();
    return readObjectStart(objectsDir, keys.find, { digest, encoding }, Number.POSITIVE_INFINITY, allocate);
  };
  const read = rememberReads(readHere, REMEMBERED_MB);
  const room = keepFrameRoom(KEPT_ROOM_MB);
  let work: Promise<void> = Promise.resolve();

  async function prepare({ id, request, cells }: Extract<ToPreparer, { type: 'prepare' }>): Promise<void> {
    const isCurrent = () => Atomics.load(cells, REQUEST_CELLS.isCurrent) === 1;
    let countedMb = 0;
    const count = (mb: number) => {
      Atomics.add(ahead, 0, mb - countedMb);
      countedMb = mb;
    };
    const stopping = (nextBytes: number) => {
      if (Atomics.load(cells, REQUEST_CELLS.stop) === 1) return 'cancelled' as const;
      if (isCurrent()) return null;
      return process.availableMemory() / MIB < LEFT_FREE_MB + nextBytes / MIB ? ('low-memory' as const) : null;
    };
    const fromMs = Date.now();
    const timer = timeStages();
    const holds = (bytes: number) => count(isCurrent() ? 0 : Math.ceil(bytes / MIB));
    const answer = await prepareSeries({ objects: { read }, room: room.take, timer, stopping, holds }, request);
    room.reclaim();
    if (!answer.ok || isCurrent()) count(0);
    const said = { answer, timings: timer.timings(), fromMs, toMs: Date.now(), countedMb };
    post({ type: 'prepared', id, ...said }, answer.ok ? [...buffersOf(answer.value)] : []);
  }

  return (message) => {
    if (message.type === 'object-keys') return keys.take(message.objectKeys);
    work = work.then(() => prepare(message));
  };
}
