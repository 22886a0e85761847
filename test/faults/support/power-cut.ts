import {
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { seededRandom } from '../../../demo/random.ts';

/** A disk under test: `env` puts a process on it, `cutPower` undoes what no sync covered once the process was killed. */
export type WatchedDisk = {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * Everything that was not synced is as if it had never been written. With a seed, of each file's and folder's unsynced
   * changes a random number of the oldest did reach the disk. Gives how many changes were lost.
   */
  cutPower(seed?: number): number;
};

type Change = {
  readonly atNs: bigint;
  readonly kind: 'write' | 'truncate' | 'create' | 'unlink' | 'rename' | 'mkdir';
  /** What the sync must have been of: an inode, or a folder's path. */
  readonly subject: string;
  readonly inode: string;
  readonly rest: string;
};

/** Puts a folder's disk under watch; the journal and the backups stand beside the folder, on the same disk. */
export function watchDisk(root: string, library: string): WatchedDisk {
  const journal = `${root}.journal`;
  const backups = `${root}.backups`;
  mkdirSync(backups, { recursive: true });
  writeFileSync(journal, '');
  return {
    root,
    env: { LD_PRELOAD: library, SHIM_ROOT: root, SHIM_JOURNAL: journal, SHIM_BACKUPS: backups },
    cutPower(seed) {
      const lost = undoUnsynced(readFileSync(journal, 'utf8'), { root, backups }, seed);
      writeFileSync(journal, '');
      for (const name of readdirSync(backups)) unlinkSync(path.join(backups, name));
      return lost;
    },
  };
}

/** A slow disk instead of one that fails: each sync takes so much longer. */
export function slowDisk(root: string, library: string, delayMs: number): Readonly<Record<string, string>> {
  return { LD_PRELOAD: library, SHIM_ROOT: root, SHIM_SYNC_DELAY_MS: String(delayMs) };
}

function undoUnsynced(text: string, disk: { root: string; backups: string }, seed: number | undefined): number {
  const { changes, syncedNs } = readJournal(text);
  const unsynced = Map.groupBy(
    changes.filter(({ atNs, subject }) => atNs >= (syncedNs.get(subject) ?? 0n)),
    ({ subject }) => subject,
  );
  const random = seed === undefined ? () => 0 : seededRandom(seed).next;
  const lost = [...unsynced.values()].flatMap((some) => some.slice(Math.floor(random() * (some.length + 1))));
  lost.sort((one, other) => Number(other.atNs - one.atNs));
  const names = namesByInode([disk.root, disk.backups]);
  for (const change of lost) undo(change, disk.backups, names);
  for (const [, found] of namesByInode([disk.root]))
    for (const name of found) if (name.endsWith('-shm')) unlinkSync(name);
  return lost.length;
}

function readJournal(text: string): { readonly changes: readonly Change[]; readonly syncedNs: Map<string, bigint> } {
  const changes: Change[] = [];
  const syncedNs = new Map<string, bigint>();
  // A kill may cut a long record short, and the change it announces never came: it has no end, or no whole bytes.
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const found = /^(\d+) ([a-z-]+) (\d+) (.*)$/.exec(line);
    if (found === null) continue;
    const [, time = '', kind = '', inode = '', rest = ''] = found;
    if (kind === 'synced' || kind === 'synced-folder') {
      const [began = '0', ...folder] = rest.split(' ');
      const subject = kind === 'synced' ? inode : folder.join(' ');
      const before = syncedNs.get(subject) ?? 0n;
      if (BigInt(began) > before) syncedNs.set(subject, BigInt(began));
      continue;
    }
    if (kind === 'create' && inode !== '0') continue; // the name was taken: nothing was made
    const [, , hex = '', ...glued] = rest.split(' ');
    if (kind === 'write' && (hex.length % 2 !== 0 || glued.length > 0)) continue;
    const isOfData = kind === 'write' || kind === 'truncate';
    const subject = isOfData ? inode : path.dirname(rest.split('\t').at(-1) ?? '');
    changes.push({ atNs: BigInt(time), kind: kind as Change['kind'], subject, inode, rest });
  }
  changes.sort((one, other) => (one.atNs < other.atNs ? -1 : 1));
  return { changes, syncedNs };
}

function undo(change: Change, backups: string, names: Map<string, string[]>): void {
  const { kind, inode, rest } = change;
  const giveBack = (name: string) => {
    const kept = path.join(backups, inode);
    if (inode !== '0' && existsSync(kept) && !existsSync(name) && existsSync(path.dirname(name))) linkSync(kept, name);
  };
  switch (kind) {
    case 'write':
    case 'truncate': {
      const name = (names.get(inode) ?? []).find((one) => existsSync(one) && String(statSync(one).ino) === inode);
      if (name === undefined) return; // the file itself is gone
      const [from = '0', size = '0', hex = ''] = rest.split(' ');
      const file = openSync(name, 'r+');
      if (hex !== '') writeSync(file, Buffer.from(hex, 'hex'), 0, hex.length / 2, Number(from));
      ftruncateSync(file, Number(size));
      closeSync(file);
      return;
    }
    case 'create':
      rmSync(rest, { force: true });
      return;
    case 'mkdir':
      // What is in it and was synced by its own name cannot be: a folder whose name is lost takes all with it.
      if (existsSync(rest) && readdirSync(rest).length === 0) rmdirSync(rest);
      else rmSync(rest, { recursive: true, force: true });
      return;
    case 'unlink':
      giveBack(rest);
      return;
    case 'rename': {
      const [from = '', to = ''] = rest.split('\t');
      if (existsSync(to)) {
        const moved = String(statSync(to).ino);
        renameSync(to, from);
        names.set(moved, [...(names.get(moved) ?? []), from]);
      }
      giveBack(to);
    }
  }
}

function namesByInode(folders: readonly string[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const name = path.join(entry.parentPath, entry.name);
      const inode = String(statSync(name).ino);
      names.set(inode, [...(names.get(inode) ?? []), name]);
    }
  }
  return names;
}
