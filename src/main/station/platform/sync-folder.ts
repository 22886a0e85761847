import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';

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

/** The same without holding up the thread. */
export async function syncFolderAside(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // As above.
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
