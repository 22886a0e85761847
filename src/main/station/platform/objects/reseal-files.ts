import { randomBytes } from 'node:crypto';
import { constants, renameSync } from 'node:fs';
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { ObjectKeys } from './object-keys.ts';
import { syncFolderAside } from '../sync-folder.ts';
import { type ObjectEncoding, objectPath, readObjectName, SEALED } from './object-names.ts';
import type { Pace } from './pace.ts';
import { emptySlot, resealSlot, slotKeyIds } from './sealed-format.ts';
import { readExactly, readSealedHeader, readSealedRange } from './sealed-reader.ts';
import { startSealing } from './sealing.ts';

const STEP_BYTES = 1024 * 1024;

/** The objects whose files stand in a store, by digest, from the one given (`''`: from the first). */
export async function* objectsFrom(
  root: string,
  place: string,
): AsyncGenerator<{ readonly digest: string; readonly encoding: ObjectEncoding }> {
  const folders = (await readdir(root)).filter((name) => /^[0-9a-f]{2}$/.test(name) && name >= place.slice(0, 2));
  for (const folder of folders.toSorted())
    for (const name of (await readdir(path.join(root, folder))).toSorted()) {
      const { digest, encoding } = readObjectName(name);
      if (encoding !== null && digest >= place) yield { digest, encoding };
    }
}

/**
 * Seals a file's own key with the current one: the free slot is written and synced before the old one is emptied, so that at
 * every moment one of them opens. The body stays as it is. Gives false where nothing was to be done; throws DamagedObject.
 */
export async function rewrapFile(root: string, digest: string, keys: ObjectKeys): Promise<boolean> {
  const file = await open(objectPath(root, digest, SEALED), 'r+');
  try {
    const { header, opened } = await readSealedHeader(file, digest, keys.find);
    const other = opened.slot === 0 ? 1 : 0;
    const isCurrent = opened.keyId === keys.current().id;
    if (isCurrent && slotKeyIds(header)[other] === null) return false;
    if (!isCurrent) {
      await writeAt(file, resealSlot(header, other, opened.fileKey, digest, keys.current()));
      await file.datasync();
    }
    await writeAt(file, emptySlot(isCurrent ? other : opened.slot));
    return true;
  } finally {
    await file.close();
  }
}

/**
 * Writes an object's file anew under a fresh key of its own, sealed with the current one, in the old one's place; a plain one
 * becomes a sealed one beside it. Nothing changes before the new file is whole and synced, nor where `isWanted`, asked last,
 * says that the object may go meanwhile. Gives the plain length, or null where it was not wanted. Throws DamagedObject.
 */
export async function resealFile(
  root: string,
  { digest, encoding }: { readonly digest: string; readonly encoding: ObjectEncoding },
  keys: ObjectKeys,
  tools: { readonly pace: Pace; readonly isWanted: () => boolean },
): Promise<number | null> {
  const source = await open(objectPath(root, digest, encoding), 'r');
  const target = objectPath(root, digest, SEALED);
  const temporary = path.join(root, 'incoming', randomBytes(16).toString('hex'));
  try {
    const opened = encoding === 'plain' ? null : (await readSealedHeader(source, digest, keys.find)).opened;
    const length = opened?.sizeBytes ?? (await source.stat()).size;
    const file = await open(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      const sealing = startSealing();
      const append = async (seal: () => readonly Buffer[]) => {
        const at = sealing.fileBytes;
        await writeAt(file, { at, bytes: Buffer.concat(seal()) });
      };
      for (let start = 0; start < length; start += STEP_BYTES) {
        const step = Math.min(STEP_BYTES, length - start);
        await tools.pace(step);
        const plain =
          opened === null ? await readExactly(source, start, step) : await readSealedRange(source, opened, start, step);
        await append(() => sealing.seal(plain));
      }
      await append(sealing.end);
      await writeAt(file, { at: 0, bytes: sealing.header(digest, keys.current()) });
      await file.datasync();
    } finally {
      await file.close();
    }
    if (!tools.isWanted()) {
      await unlink(temporary);
      return null;
    }
    // In one step with the question: nobody may let the object go in between.
    renameSync(temporary, target);
    await syncFolderAside(path.dirname(target));
    return length;
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // it never came to be, or stands under its name already
    throw error;
  } finally {
    await source.close();
  }
}

async function writeAt(
  file: FileHandle,
  { at, bytes }: { readonly at: number; readonly bytes: Buffer },
): Promise<void> {
  const { bytesWritten } = await file.write(bytes, 0, bytes.length, at);
  if (bytesWritten !== bytes.length) throw new Error('a file was not written whole');
}
