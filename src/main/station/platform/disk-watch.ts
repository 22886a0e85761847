import type { Config } from './config.ts';
import { refuseBelowBytes } from './config.ts';
import type { Log } from './log.ts';
import type { ObjectStore } from './objects/object-store.ts';

/** How the disk stands: `low` warns, `refusing` lets no new association in, `full` no object. */
export type DiskState = 'enough' | 'low' | 'refusing' | 'full' | 'unknown';

/** The disk as of the last look. */
export type DiskWatch = {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly state: DiskState;
  /** Looks again; never throws: a disk that cannot be asked is `unknown`. */
  look(): Promise<DiskState>;
  /** Looks now and every ten seconds until `stop`. */
  watch(): Promise<void>;
  stop(): void;
};

const LOOK_EVERY_MS = 10_000;
/** Room must be back by so much of a mark before what stopped at it goes on: no flapping at the mark itself. */
const BACK_BY = 1.05;
const ORDER: readonly DiskState[] = ['enough', 'low', 'refusing', 'full'];

/** Watches the disk an object store is on against the marks of the configuration. */
export function watchDisk(objects: Pick<ObjectStore, 'free'>, marks: Config['disk'], log: Log): DiskWatch {
  const below: Readonly<Record<'low' | 'refusing' | 'full', number>> = {
    low: marks.lowBytes,
    refusing: refuseBelowBytes(marks),
    full: marks.fullBytes,
  };
  let free = { freeBytes: 0, totalBytes: 0 };
  let state: DiskState = 'enough';
  let hasFailed = false;
  let timer: NodeJS.Timeout | null = null;

  /** The worst mark passed; one that was passed before still counts until there is room beyond it. */
  function judge(freeBytes: number): DiskState {
    const before = ORDER.indexOf(state);
    const passed = (['full', 'refusing', 'low'] as const).find(
      (mark) => freeBytes < below[mark] * (before >= ORDER.indexOf(mark) ? BACK_BY : 1),
    );
    return passed ?? 'enough';
  }

  async function look(): Promise<DiskState> {
    try {
      free = await objects.free();
      state = judge(free.freeBytes);
      hasFailed = false;
    } catch (error) {
      // The station goes on: an object there is no room for is refused when it comes.
      if (!hasFailed) log.incident('disk-not-read', error);
      hasFailed = true;
      state = 'unknown';
    }
    return state;
  }

  return {
    get freeBytes() {
      return free.freeBytes;
    },
    get totalBytes() {
      return free.totalBytes;
    },
    get state() {
      return state;
    },
    look,
    async watch() {
      await look();
      timer = setInterval(() => void look(), LOOK_EVERY_MS);
      timer.unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
