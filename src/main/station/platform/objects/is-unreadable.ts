import { DamagedObject } from './sealed-format.ts';

/** True where a stored file cannot be given as it was kept: changed, cut, gone, or on a part of the disk that does not read. */
export function isUnreadable(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof DamagedObject || code === 'ENOENT' || code === 'EIO';
}
