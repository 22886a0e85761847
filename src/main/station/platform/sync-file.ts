import { open } from 'node:fs/promises';

/** Brings a file's bytes to the disk; its name is its folder's. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
