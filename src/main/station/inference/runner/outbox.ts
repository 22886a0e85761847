import { randomUUID } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { sha256 } from './model-package.ts';

/** Leaves a file for the station under its own digest, whole and synced, or not at all. */
export async function leaveInOutbox(
  directory: string,
  bytes: Uint8Array,
): Promise<Result<{ readonly digest: string; readonly sizeBytes: number }, { readonly code: 'outbox-full' }>> {
  const digest = sha256(bytes);
  const temporary = path.join(directory, `${randomUUID()}.part`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path.join(directory, maskFileName(digest)));
    return ok({ digest, sizeBytes: bytes.length });
  } catch {
    await unlink(temporary).catch(() => undefined); // it may never have been made
    return err({ code: 'outbox-full' });
  }
}

/** Name of a mask's file in the outbox. */
export function maskFileName(digest: string): string {
  return `${digest}.bits.gz`;
}
