import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Brings a folder's names to the disk: without it a power cut may take a new file's or folder's name, and so all of it. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // Windows has no handle to sync a folder by.
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
