import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { ledgerHead } from '../ledger/append.ts';
import { OBJECT_KEYS_FILE, openObjectKeys } from '../objects/object-keys.ts';
import {
  type ObjectEncoding,
  openObjectReader,
  objectPath,
  type ObjectReader,
  SEALED,
} from '../objects/object-store.ts';
import { countObjects, listObjectsAfter, type ObjectRecord } from '../objects/records.ts';
import { type FindKey, HEADER_BYTES } from '../objects/sealed-format.ts';
import { openReader, type OpenFailure, type ReadableDb } from '../store/database.ts';
import { holdFile } from '../store/hold-file.ts';
import { syncFile } from '../sync-file.ts';
import { syncFolder } from '../sync-folder.ts';
import { openVault, type Secrets, writeDurably } from '../vault.ts';
import { BACKUP_FILES, BACKUPS_FOLDER, type BackupManifest, OBJECTS_FOLDER } from './manifest.ts';
import { sealKeys } from './sealed-keys.ts';
import { standsWithin } from './stands-within.ts';

/** What to back up, and where to. */
export type BackupWish = {
  /** The data directory; its station may be running. */
  readonly data: string;
  /** Made when absent. Earlier backups in it stay, and their objects are not copied again. */
  readonly destination: string;
  /** Seals the keys into the backup; null leaves them out, and the backup opens only with the vault kept elsewhere. */
  readonly passphrase: string | null;
  /** Given by a keychain or the environment, where the vault's folder has no file. */
  readonly databaseKeyHex?: string | undefined;
  readonly signingKeyPem?: string | undefined;
  readonly nowMs: number;
  /** Reads an object from end to end and says whether it is what its digest says. */
  readonly check: CheckObject;
  readonly signal?: AbortSignal;
  readonly onProgress?: (copied: number, of: number) => void;
};

/** Whether a stored object is sound; anything else is why not. */
export type CheckObject = (objects: ObjectReader, digest: string, encoding: ObjectEncoding) => Promise<string>;

export type BackupFailure =
  | {
      readonly code:
        | 'no-data-directory'
        | 'destination-in-data'
        | 'backup-running'
        | 'key-missing'
        | 'key-malformed'
        | 'cancelled';
    }
  | OpenFailure;

export type TakenBackup = { readonly folder: string; readonly manifest: BackupManifest; readonly copied: number };

const PAGE = 500;
/** Held while a backup runs into a destination; the lock in it is the operating system's and ends with the process. */
const HELD = 'backup.held';

/**
 * Backs up a data directory while its station runs: a snapshot of the database, still encrypted under its own key; every
 * object that snapshot names, as it stands on disk; the checkpoints; and the keys under a passphrase. What is not whole
 * has no manifest and counts for nothing; the next backup removes its folder and goes on from what was copied. One backup
 * at a time runs into a destination: another one there is refused and touches nothing.
 */
export async function takeBackup(wish: BackupWish): Promise<Result<TakenBackup, BackupFailure>> {
  const live = path.join(wish.data, 'wetread.db');
  if (!existsSync(live)) return err({ code: 'no-data-directory' });
  // Nor the data directory where a backup writes, and removes what has no manifest.
  const written = [BACKUPS_FOLDER, OBJECTS_FOLDER].map((name) => path.join(wish.destination, name));
  const isMixed = written.some((folder) => standsWithin(wish.data, folder) || standsWithin(folder, wish.data));
  if (isMixed || standsWithin(wish.data, wish.destination)) return err({ code: 'destination-in-data' });
  const vaultFolder = path.join(wish.data, 'vault');
  const { databaseKeyHex, signingKeyPem } = wish;
  const vault = openVault({ databaseKeyHex, signingKeyPem, folder: vaultFolder }, false);
  if (!vault.ok) return vault;
  mkdirSync(wish.destination, { recursive: true, mode: 0o700 });
  const letGo = holdFile(path.join(wish.destination, HELD));
  if (letGo === null) return err({ code: 'backup-running' });
  try {
    removeUnfinished(wish.destination);
    return await backUp(wish, live, vaultFolder, vault.value);
  } finally {
    letGo();
  }
}

async function backUp(
  wish: BackupWish,
  live: string,
  vaultFolder: string,
  { databaseKey: key, signingKey }: Secrets,
): Promise<Result<TakenBackup, BackupFailure>> {
  const name = new Date(wish.nowMs).toISOString().replaceAll(':', '-');
  const folder = path.join(wish.destination, BACKUPS_FOLDER, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The checkpoints first: they must never be ahead of the snapshot.
  const checkpoints = path.join(wish.data, 'checkpoints.jsonl');
  if (existsSync(checkpoints)) copyFileSync(checkpoints, path.join(folder, BACKUP_FILES.checkpoints));
  const snapshot = path.join(folder, BACKUP_FILES.database);
  const snapped = takeSnapshot(live, key, snapshot);
  if (!snapped.ok) return snapped;
  const opened = openReader(snapshot, key);
  if (!opened.ok) return opened;
  const db = opened.value;
  try {
    const keysBefore = readVault(vaultFolder);
    const objects = countObjects(db);
    const reader = openObjectReader(path.join(wish.data, 'objects'), { find: findingKeys(vaultFolder, key) });
    const copied = await copyObjects(db, wish, reader, objects.count);
    if (!copied.ok) return copied;
    if (wish.passphrase !== null) {
      // Keys may be made and forgotten while files are copied: what was sealed under any of them stays readable.
      const files = joinVaults(keysBefore, readVault(vaultFolder));
      const signing = signingKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const copy = { databaseKeyHex: key.toString('hex'), signingKeyPem: signing, files };
      writeDurably(path.join(folder, BACKUP_FILES.keys), sealKeys(copy, wish.passphrase));
    }
    const head = ledgerHead(db);
    const manifest: BackupManifest = {
      format: 'wetread-backup-1',
      takenAtMs: wish.nowMs,
      schema: Number(db.pragma('user_version', { simple: true })),
      isDemo: existsSync(path.join(wish.data, 'DEMO')),
      database: { sha256: await digestOf(snapshot), sizeBytes: statSync(snapshot).size },
      ledger: { seq: head.seq, hash: head.hash.toString('hex') },
      objects,
      missing: copied.value.missing,
      damaged: copied.value.damaged,
      hasKeys: wish.passphrase !== null,
    };
    await syncFile(snapshot);
    syncFolder(path.join(wish.destination, BACKUPS_FOLDER));
    writeDurably(path.join(folder, BACKUP_FILES.manifest), JSON.stringify(manifest, null, 2));
    return ok({ folder, manifest, copied: copied.value.copied });
  } finally {
    db.close();
  }
}

/** A whole copy of the database at one moment, under the same key; writers go on meanwhile. */
function takeSnapshot(live: string, key: Uint8Array, snapshot: string): Result<null, OpenFailure> {
  const opened = openReader(live, key);
  if (!opened.ok) return opened;
  try {
    opened.value.pragma('query_only = OFF'); // VACUUM INTO writes another file; this connection cannot write the live one
    opened.value.prepare('VACUUM INTO ?').run(snapshot);
    return ok(null);
  } finally {
    opened.value.close();
  }
}

async function copyObjects(
  db: ReadableDb,
  { data, destination, check, signal, onProgress }: BackupWish,
  reader: ObjectReader,
  count: number,
): Promise<Result<{ copied: number; missing: string[]; damaged: string[] }, { code: 'cancelled' }>> {
  const missing: string[] = [];
  const damaged: string[] = [];
  const folders = new Set<string>();
  const root = path.join(data, 'objects');
  /** Once more where its file went meanwhile: sealed, it is there in another form; let go, it is missing of this snapshot. */
  async function copyObject(
    object: ObjectRecord,
    isAgain = false,
  ): Promise<'copied' | 'there' | 'missing' | 'damaged'> {
    const source = await findFile(root, object);
    if (source === null) return 'missing';
    const target = path.join(destination, OBJECTS_FOLDER, source.copy);
    try {
      if (isThere(source.file, target)) return 'there';
      // Read once before it counts as saved: a copy of a damaged file would pass for a backup.
      const condition = await check(reader, object.digest, source.encoding);
      if (condition === 'sound') {
        await copyTo(source.file, target, folders);
        return 'copied';
      }
      if (existsSync(source.file)) return 'damaged';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(source.file)) throw error;
    }
    return isAgain ? 'missing' : copyObject(object, true);
  }
  let copied = 0;
  let seen = 0;
  for (let after = ''; ; ) {
    const page = listObjectsAfter(db, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.digest;
    for (const object of page) {
      if (signal?.aborted === true) return err({ code: 'cancelled' });
      const became = await copyObject(object);
      if (became === 'missing') missing.push(object.digest);
      if (became === 'damaged') damaged.push(object.digest);
      if (became === 'copied') copied += 1;
    }
    seen += page.length;
    onProgress?.(seen, count);
  }
  for (const folder of folders) syncFolder(folder);
  return ok({ copied, missing, damaged });
}

function isThere(source: string, target: string): boolean {
  return existsSync(target) && statSync(target).size === statSync(source).size;
}

async function copyTo(source: string, target: string, folders: Set<string>): Promise<void> {
  const folder = path.dirname(target);
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) folders.add(path.dirname(folder));
  const temporary = `${target}.new`;
  await copyFile(source, temporary, constants.COPYFILE_FICLONE);
  await syncFile(temporary);
  renameSync(temporary, target);
  folders.add(folder);
}

function whenGone(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT') throw error;
  return null;
}

/** The object's file as it stands now: an object may be sealed or resealed since the snapshot; and what its copy is called. */
async function findFile(
  root: string,
  { digest, encoding: recorded }: ObjectRecord,
): Promise<{ readonly file: string; readonly encoding: ObjectEncoding; readonly copy: string } | null> {
  for (const encoding of new Set<ObjectEncoding>([recorded, SEALED])) {
    const file = objectPath(root, digest, encoding);
    const handle = await open(file, 'r').catch(whenGone);
    if (handle === null) continue;
    try {
      const header = Buffer.alloc(encoding === 'plain' ? 0 : HEADER_BYTES);
      await handle.read(header, 0, header.length, 0);
      return { file, encoding, copy: copyName(digest, encoding, header) };
    } finally {
      await handle.close();
    }
  }
  return null;
}

/**
 * What a destination calls the copy of an object's file. A sealed one goes by its header too: resealed under another key, or
 * sent again after it was damaged, it is another file, and older backups keep theirs.
 */
function copyName(digest: string, encoding: ObjectEncoding, header: Buffer): string {
  const seal = encoding === 'plain' ? 'plain' : createHash('sha256').update(header).digest('hex').slice(0, 16);
  return path.join(digest.slice(0, 2), digest.slice(2, 4), `${digest}.${seal}`);
}

/** Every copy a destination has of an object, newest first. */
export function listCopies(objects: string, digest: string): readonly string[] {
  const folder = path.join(objects, digest.slice(0, 2), digest.slice(2, 4));
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${digest}.`) && !name.endsWith('.new'))
    .map((name) => path.join(folder, name))
    .toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
}

/** Looks a key up in a vault, and once more where it was made since. */
export function findingKeys(vaultFolder: string, databaseKey: Buffer): FindKey {
  const read = () => openObjectKeys(vaultFolder, databaseKey, { mayCreate: false, atMs: 0 });
  let keys = read();
  return (id) => {
    const known = keys.ok ? keys.value.find(id) : null;
    if (known !== null) return known;
    keys = read();
    return keys.ok ? keys.value.find(id) : null;
  };
}

function readVault(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));
}

const KeyFile = z.looseObject({ keys: z.array(z.looseObject({ id: z.string() })) });

/** The later vault, whose object keys are joined by those that only the earlier one had. */
function joinVaults(
  earlier: Readonly<Record<string, string>>,
  later: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [before, after] = [earlier[OBJECT_KEYS_FILE], later[OBJECT_KEYS_FILE]];
  if (before === undefined || after === undefined || before === after) return later;
  const held = KeyFile.parse(JSON.parse(after));
  const ids = new Set(held.keys.map(({ id }) => id));
  const forgotten = KeyFile.parse(JSON.parse(before)).keys.filter(({ id }) => !ids.has(id));
  return { ...later, [OBJECT_KEYS_FILE]: JSON.stringify({ ...held, keys: [...forgotten, ...held.keys] }) };
}

/** SHA-256 of a file, as lower-case hex. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Removes what a backup that was not finished left: folders without a manifest. Only for who holds the destination. */
function removeUnfinished(destination: string): void {
  const root = path.join(destination, BACKUPS_FOLDER);
  if (!existsSync(root)) return;
  const unfinished = readdirSync(root).filter((name) => !existsSync(path.join(root, name, BACKUP_FILES.manifest)));
  for (const name of unfinished) rmSync(path.join(root, name), { recursive: true });
}
