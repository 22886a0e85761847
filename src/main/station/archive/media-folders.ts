import { constants } from 'node:fs';
import { access, type FileHandle, open, opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { err, ok, type Result } from '../../../shared/domain/result.ts';

/** A folder of this machine by the name people choose it by. */
export type MediaFolder = { readonly name: string; readonly path: string };

/** Why a place is not to be had. */
export type PlaceFailure = { readonly code: 'folder-not-found' | 'path-not-found' };

/** A place in a configured folder, with links resolved; nothing outside `root` is reached from it. */
export type Place = {
  readonly root: string;
  readonly path: string;
  readonly isFolder: boolean;
  /** The volume it stands on. */
  readonly device: number;
};

/** What stands in a folder that people may choose, and how many files there are besides. */
export type FolderView = {
  readonly entries: readonly { readonly name: string; readonly kind: 'folder' | 'zip' }[];
  readonly files: number;
};

const MOST_SHOWN = 1000;
const DEEPEST = 64;

/** Finds a place in a configured folder. A path that leads out of it, by `..` or by a link, is not found. */
export async function findPlace(
  folders: readonly MediaFolder[],
  name: string,
  relative: string,
): Promise<Result<Place, PlaceFailure>> {
  const folder = folders.find((one) => one.name === name);
  if (folder === undefined) return err({ code: 'folder-not-found' });
  try {
    const root = await realpath(folder.path);
    const found = await realpath(path.resolve(root, ...relative.split(/[\\/]/)));
    if (!isWithin(root, found)) return err({ code: 'path-not-found' });
    const facts = await stat(found);
    if (!facts.isDirectory() && !facts.isFile()) return err({ code: 'path-not-found' });
    return ok({ root, path: found, isFolder: facts.isDirectory(), device: facts.dev });
  } catch {
    return err({ code: 'path-not-found' }); // not there, no medium in the drive, or not ours to read
  }
}

/** Whether a place can still be read, and is on the volume it was found on: an empty mount point is what a pulled drive leaves. */
export async function isStillThere(place: Place): Promise<boolean> {
  try {
    if ((await stat(place.path)).dev !== place.device) return false;
    if (!place.isFolder) await access(place.path, constants.R_OK);
    else for await (const _ of await opendir(place.path)) break;
    return true;
  } catch {
    return false; // whatever the reason, nothing more is to be had of it
  }
}

/** What stands in a place, for choosing. */
export async function viewPlace(place: Place): Promise<FolderView> {
  const entries: FolderView['entries'][number][] = [];
  let files = 0;
  if (place.isFolder)
    for await (const entry of await opendir(place.path)) {
      const isZip = entry.isFile() && /\.zip$/i.test(entry.name);
      if (entry.isFile()) files += 1;
      if (entries.length < MOST_SHOWN && (entry.isDirectory() || isZip))
        entries.push({ name: entry.name, kind: isZip ? 'zip' : 'folder' });
    }
  return { entries: entries.toSorted((one, other) => one.name.localeCompare(other.name)), files };
}

/** Every file below a place, by its path from there; links are not followed. Folders that cannot be read are told. */
export async function listFiles(
  place: Place,
  signal: AbortSignal,
): Promise<{ readonly files: readonly string[]; readonly unreadable: readonly string[] }> {
  if (!place.isFolder) return { files: [path.basename(place.path)], unreadable: [] };
  const files: string[] = [];
  const unreadable: string[] = [];
  const walk = async (below: readonly string[]): Promise<void> => {
    if (signal.aborted) return;
    const folder = path.join(place.path, ...below);
    try {
      // A folder may have become a link since it was listed.
      if (below.length > DEEPEST || !isWithin(place.root, await realpath(folder))) throw new Error('not within');
      const inner: string[] = [];
      for await (const entry of await opendir(folder)) {
        if (entry.isFile()) files.push([...below, entry.name].join('/'));
        else if (entry.isDirectory()) inner.push(entry.name);
      }
      for (const name of inner) await walk([...below, name]);
    } catch {
      unreadable.push([...below].join('/') || '.'); // a scratched disc: the rest is still worth having
    }
  };
  await walk([]);
  return { files: files.toSorted(), unreadable };
}

/** Opens a file of a place for reading, never through a link. */
export async function openWithin(place: Place, file: string): Promise<FileHandle> {
  const full = place.isFolder ? path.join(place.path, file) : place.path;
  if (!isWithin(place.root, await realpath(full))) throw new Error('a path leads out of its folder');
  return open(full, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
}

function isWithin(root: string, found: string): boolean {
  const way = path.relative(root, found);
  return way === '' || (!way.startsWith('..') && !path.isAbsolute(way));
}
