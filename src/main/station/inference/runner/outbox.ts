import { randomUUID } from 'node:crypto';
import { rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { sha256 } from './model-package.ts';

/** Leaves a file for the station under its own digest, whole or not at all. */
export async function leaveInOutbox(
  directory: string,
  bytes: Uint8Array,
): Promise<Result<{ readonly digest: string; readonly sizeBytes: number }, { readonly code: 'outbox-full' }>> {
  const digest = sha256(bytes);
  const temporary = path.join(directory, `${randomUUID()}.part`);
  try {
    // Not synced: the station copies it into its store, synced, before any row names it; a power cut takes the run along.
    await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
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
