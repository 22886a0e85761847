import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { holdFile } from './store/hold-file.ts';
import { syncFolder } from './sync-folder.ts';

/** The folders and files of a data directory. */
export type DataDirectory = {
  readonly root: string;
  readonly database: string;
  readonly objects: string;
  readonly vault: string;
  readonly checkpoints: string;
  readonly runnerOutbox: string;
  readonly isDemo: boolean;
  readonly isNew: boolean;
  release(): void;
};

export type DirectoryRefusal = {
  readonly code: 'data-not-writable' | 'data-in-use' | 'data-not-demo' | 'data-is-demo';
};

const DEMO_MARK = 'DEMO';
const LOCK = 'station.lock';
/** A process id means nothing in another container; this lock is the operating system's own. */
const HELD = `${LOCK}.held`;

/** Claims a data directory for this process, making it when absent. A demo directory opens only with `--demo`, and no other does. */
export function claimDataDirectory(root: string, demo: boolean): Result<DataDirectory, DirectoryRefusal> {
  try {
    const made = mkdirSync(root, { recursive: true, mode: 0o700 });
    if (made !== undefined) syncMade(path.dirname(path.resolve(made)), root);
    accessSync(root, constants.W_OK | constants.X_OK);
  } catch {
    return err({ code: 'data-not-writable' }); // Whatever the cause, the person has to choose or mend the folder.
  }
  // A lock alone is what a start killed at once leaves behind.
  const isNew = readdirSync(root).every((name) => name.startsWith(LOCK));
  const isDemo = existsSync(path.join(root, DEMO_MARK));
  if (demo && !isDemo && !isNew) return err({ code: 'data-not-demo' });
  if (!demo && isDemo) return err({ code: 'data-is-demo' });
  const lock = path.join(root, LOCK);
  const letGo = holdFile(path.join(root, HELD));
  if (letGo === null) return err({ code: 'data-in-use' });
  if (!takeLock(lock)) {
    letGo();
    return err({ code: 'data-in-use' });
  }
  if (demo && isNew) closeSync(openSync(path.join(root, DEMO_MARK), 'w', 0o600));
  const folder = (name: string) => {
    mkdirSync(path.join(root, name), { recursive: true, mode: 0o700 });
    return path.join(root, name);
  };
  const objects = folder('objects');
  const runnerOutbox = folder('runner');
  syncFolder(root);
  return ok({
    root,
    database: path.join(root, 'wetread.db'),
    objects,
    vault: path.join(root, 'vault'),
    checkpoints: path.join(root, 'checkpoints.jsonl'),
    runnerOutbox,
    isDemo: demo,
    isNew: !existsSync(path.join(root, 'wetread.db')),
    release: () => {
      rmSync(lock, { force: true });
      letGo();
    },
  });
}

/** Every folder on the way down that was just made has a name to bring to the disk. */
function syncMade(above: string, root: string): void {
  for (let folder = path.dirname(path.resolve(root)); folder.startsWith(above); folder = path.dirname(folder)) {
    syncFolder(folder);
    if (folder === path.dirname(folder)) return;
  }
}

/** A lock names its process and that process's start, so that one left by a kill -9 or a reused pid is taken over. */
function takeLock(file: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${process.pid} ${startOf(process.pid) ?? ''}`, { mode: 0o600 });
  try {
    // Linked whole: nobody ever reads a lock that is not written yet.
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const holder = readLock(file);
  if (holder !== null && isHeld(holder)) return false;
  if (holder !== null && !removeStale(file, holder)) return false;
  return takeLock(file);
}

function isHeld(holder: string): boolean {
  const [pid, start] = holder.split(' ');
  return isAlive(Number(pid)) && (startOf(Number(pid)) ?? '') === (start ?? '');
}

/** Removes a dead process's lock; false when another start took it over first. */
function removeStale(file: string, holder: string): boolean {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true; // Removed by another start: the race is still open.
    throw error;
  }
  const isTheSame = readLock(aside) === holder;
  if (!isTheSame) linkSync(aside, file); // It was the winner's fresh lock: it goes back.
  rmSync(aside, { force: true });
  return isTheSame;
}

function readLock(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in kernel ticks, where the system tells (Linux); null elsewhere. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null; // No /proc here, or the process is gone: the pid alone has to do.
  }
}
