const CODES: ReadonlySet<unknown> = new Set([
  'ENOSPC',
  'EDQUOT',
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_IOERR_FSYNC',
  'SQLITE_IOERR_SHMSIZE',
]);

/** True when a write failed because the disk has no room: nothing is wrong with what was written, and later it may go. */
export function isOutOfRoom(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CODES.has(error.code);
}
