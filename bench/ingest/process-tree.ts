import { readFileSync } from 'node:fs';

/** CPU seconds that a process, its children that have ended, and its children that live have used. Linux only. */
export function cpuSecondsOf(pid: number): number {
  let ticks = 0;
  // Own user and system time, then those of children that have ended.
  for (const member of treeOf(pid))
    ticks += statOf(member)
      .slice(11, 15)
      .map(Number)
      .reduce((sum, own) => sum + own, 0);
  return ticks / TICKS_A_SECOND;
}

/** Watches the memory of a process and its children; `stop` gives the highest sum seen, in bytes. */
export function watchMemory(pid: number): { stop(): number } {
  let highest = 0;
  const look = () => {
    highest = Math.max(
      highest,
      treeOf(pid)
        .map(residentBytesOf)
        .reduce((sum, bytes) => sum + bytes, 0),
    );
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return highest;
    },
  };
}

/** Resolves when a process that has just started seems to have nothing left to prepare, or after ten seconds. */
export async function atRest(pid: number): Promise<void> {
  let before = cpuSecondsOf(pid);
  for (let second = 0; second < 10; second += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = cpuSecondsOf(pid);
    if (now - before < 0.1) return;
    before = now;
  }
}

const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;
const LOOK_EVERY_MS = 50;

function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

/** The processes that a process started from its first thread, and that live. */
export function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
}

/** The fields of /proc/PID/stat behind the program's name; the first of them is the state. */
function statOf(pid: number): readonly string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function residentBytesOf(pid: number): number {
  return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it ended while we looked
  }
}
