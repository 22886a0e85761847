import { realpathSync } from 'node:fs';
import path from 'node:path';

/** Whether a path is a folder or leads into it, with every link on both ways followed; neither has to be there yet. */
export function standsWithin(folder: string, inner: string): boolean {
  const way = path.relative(realPlace(folder), realPlace(inner));
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

/** What is not there yet stands below the nearest that is. */
function realPlace(given: string): string {
  const full = path.resolve(given);
  try {
    return realpathSync.native(full);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = path.dirname(full);
    if (code !== 'ENOENT' || parent === full) throw error;
    return path.join(realPlace(parent), path.basename(full));
  }
}
