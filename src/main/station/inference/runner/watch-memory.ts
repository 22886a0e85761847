import { Worker } from 'node:worker_threads';

/** Watches how much memory this process holds while a run computes, from a thread of its own: a native call leaves this one no turn. */
export type MemoryWatch = {
  /** Measures from now on; past `mostMb` above what is held now the process ends at once, after leaving its note. */
  begin(mostMb: number): void;
  /** Ends the measuring, and gives the most that was held meanwhile, in MiB above what was held at the beginning. */
  end(): number;
  /** What can still be had of the machine, or of what this process is allowed, in MiB. */
  freeMb(): number;
  /** One cell: MiB that are held for a run to come. Whoever holds them says so there, and no other run is charged with them. */
  readonly ahead: Int32Array;
};

const MIB = 2 ** 20;
/** Cells shared with the thread: the limit (0: nothing to watch), the peak, one that nobody wakes, and what is held ahead. */
const LIMIT = 0;
const PEAK = 1;
const IDLE = 2;
const AHEAD = 3;

/** Text, not a file: it runs the same from the source and from a bundle. */
const THREAD = `
  const { workerData } = require('node:worker_threads');
  const { writeFileSync } = require('node:fs');
  const { cells, note } = workerData;
  for (;;) {
    Atomics.wait(cells, ${LIMIT}, 0);
    while (Atomics.load(cells, ${LIMIT}) !== 0) {
      const heldMb = Math.ceil(process.memoryUsage.rss() / ${MIB}) - Atomics.load(cells, ${AHEAD});
      if (heldMb > Atomics.load(cells, ${PEAK})) Atomics.store(cells, ${PEAK}, heldMb);
      if (heldMb > Atomics.load(cells, ${LIMIT}) && Atomics.load(cells, ${LIMIT}) !== 0) {
        try { writeFileSync(note, ''); } catch {} // without its note the end counts as a crash
        process.kill(process.pid, 'SIGKILL');
      }
      Atomics.wait(cells, ${IDLE}, 0, 25);
    }
  }
`;

/** Starts the thread. `note`: the file left behind by a process that ended itself, so that the station can tell why. */
export function watchMemory(note: string): MemoryWatch {
  const cells = new Int32Array(new SharedArrayBuffer(16));
  new Worker(THREAD, { eval: true, workerData: { cells, note } }).unref();
  const heldMb = () => Math.ceil(process.memoryUsage.rss() / MIB) - Atomics.load(cells, AHEAD);
  let before = 0;
  return {
    begin(mostMb) {
      before = heldMb();
      Atomics.store(cells, PEAK, before);
      Atomics.store(cells, LIMIT, Math.min(before + Math.ceil(mostMb), 2 ** 31 - 1));
      Atomics.notify(cells, LIMIT);
    },
    end() {
      Atomics.store(cells, LIMIT, 0);
      return Math.max(0, Math.max(Atomics.load(cells, PEAK), heldMb()) - before);
    },
    freeMb: () => process.availableMemory() / MIB,
    ahead: new Int32Array(cells.buffer, AHEAD * Int32Array.BYTES_PER_ELEMENT, 1),
  };
}
