import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { v7 } from 'uuid';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { appendEvent, ledgerHead } from '../ledger/append.ts';
import { writeCheckpoint } from '../ledger/checkpoint.ts';
import { serviceActor } from '../ledger/event.ts';
import { type ObjectEncoding, objectPath, openObjectReader, SEALED } from '../objects/object-store.ts';
import { finishPass, latestPass, startPass } from '../objects/passes.ts';
import { listObjectsAfter, recordSealed } from '../objects/records.ts';
import { openWriter, type OpenFailure, type WritableDb } from '../store/database.ts';
import { holdFile } from '../store/hold-file.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/index.ts';
import { inTransaction } from '../store/transaction.ts';
import { syncFile } from '../sync-file.ts';
import { syncFolder } from '../sync-folder.ts';
import { openVault } from '../vault.ts';
import { BACKUP_FILES, BackupManifest, BACKUPS_FOLDER, OBJECTS_FOLDER } from './manifest.ts';
import { openKeys, type VaultCopy } from './sealed-keys.ts';
import { standsWithin } from './stands-within.ts';
import { type CheckObject, digestOf, findingKeys, listCopies } from './take-backup.ts';

/** Which backup to put where. */
export type RestoreWish = {
  /** The folder of one backup, with its manifest. */
  readonly backup: string;
  /** A data directory that does not exist yet, or is empty. */
  readonly data: string;
  /** Opens the keys; null where the backup has none and `vault` says where they are. */
  readonly passphrase: string | null;
  /** A vault folder kept elsewhere. */
  readonly vault: string | null;
  readonly nowMs: number;
  /** Reads an object from end to end and says whether it is what its digest says. */
  readonly check: CheckObject;
  readonly signal?: AbortSignal;
  readonly onProgress?: (copied: number, of: number) => void;
};

export type RestoreFailure =
  | {
      readonly code:
        | 'no-backup'
        | 'backup-damaged'
        | 'backup-newer'
        | 'target-not-empty'
        | 'target-in-backup'
        | 'restore-running'
        | 'passphrase-needed'
        | 'passphrase-wrong'
        | 'key-missing'
        | 'key-malformed'
        | 'cancelled';
    }
  | OpenFailure;

export type Restored = {
  readonly manifest: BackupManifest;
  readonly objects: number;
  /** Objects the database names that the backup has no sound copy of; the integrity check of the station finds them too. */
  readonly missing: readonly string[];
};

const PAGE = 500;

/**
 * Makes a data directory of a backup: whole under its name or not at all. The database is checked against its digest and
 * opened with the keys before anything counts; that it was restored, and from when, becomes an event and is signed.
 */
export async function restoreBackup(wish: RestoreWish): Promise<Result<Restored, RestoreFailure>> {
  const manifest = readManifest(wish.backup);
  if (!manifest.ok) return manifest;
  if (manifest.value.schema > MIGRATIONS.length) return err({ code: 'backup-newer' });
  const store = path.resolve(wish.backup, '..', '..');
  const kept = [wish.backup, path.join(store, BACKUPS_FOLDER), path.join(store, OBJECTS_FOLDER)];
  if (kept.some((folder) => standsWithin(folder, wish.data))) return err({ code: 'target-in-backup' });
  const isTaken = () => existsSync(wish.data) && readdirSync(wish.data).length > 0;
  if (isTaken()) return err({ code: 'target-not-empty' });
  const snapshot = path.join(wish.backup, BACKUP_FILES.database);
  if (!existsSync(snapshot) || (await digestOf(snapshot)) !== manifest.value.database.sha256)
    return err({ code: 'backup-damaged' });

  const half = `${path.resolve(wish.data)}.restoring`;
  mkdirSync(path.dirname(half), { recursive: true });
  const held = `${half}.held`;
  const letGo = holdFile(held);
  if (letGo === null) return err({ code: 'restore-running' });
  try {
    if (isTaken()) return err({ code: 'target-not-empty' }); // by one that held it until just now
    return await restoreInto(half, wish, manifest.value);
  } finally {
    try {
      rmSync(held, { force: true }); // while it is still held: nobody else's is removed
    } catch {
      // Windows removes no open file: an empty one stays beside the data directory.
    }
    letGo();
  }
}

async function restoreInto(
  half: string,
  wish: RestoreWish,
  manifest: BackupManifest,
): Promise<Result<Restored, RestoreFailure>> {
  rmSync(half, { recursive: true, force: true });
  mkdirSync(path.join(half, 'vault'), { recursive: true, mode: 0o700 });
  const made = await fill(half, wish, manifest);
  if (!made.ok) {
    rmSync(half, { recursive: true, force: true });
    return made;
  }
  await syncTree(half);
  if (!takePlace(half, wish.data)) {
    rmSync(half, { recursive: true, force: true });
    return err({ code: 'target-not-empty' });
  }
  syncFolder(path.dirname(path.resolve(wish.data)));
  return made;
}

/** False where a station was started there since: nothing of it is touched. */
function takePlace(half: string, data: string): boolean {
  try {
    if (existsSync(data) && readdirSync(data).length > 0) return false;
    if (lstatSync(data, { throwIfNoEntry: false })?.isDirectory() === true) rmdirSync(data);
    else rmSync(data, { force: true }); // a link to an empty folder: the link alone goes
    renameSync(half, data);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** Every file and every name of a folder, on the disk. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(name);
    else await syncFile(name);
  }
  syncFolder(folder);
}

function readManifest(backup: string): Result<BackupManifest, RestoreFailure> {
  const file = path.join(backup, BACKUP_FILES.manifest);
  if (!existsSync(file)) return err({ code: 'no-backup' });
  try {
    return ok(BackupManifest.parse(JSON.parse(readFileSync(file, 'utf8'))));
  } catch {
    return err({ code: 'backup-damaged' }); // neither JSON nor ours: nothing of it is repeated
  }
}

async function fill(
  half: string,
  wish: RestoreWish,
  manifest: BackupManifest,
): Promise<Result<Restored, RestoreFailure>> {
  const keys = giveVault(path.join(half, 'vault'), wish, manifest);
  if (!keys.ok) return keys;
  const opened = openVault(keys.value, false);
  if (!opened.ok) return opened;
  const database = path.join(half, 'wetread.db');
  await copyFile(path.join(wish.backup, BACKUP_FILES.database), database, constants.COPYFILE_FICLONE);
  const checkpoints = path.join(wish.backup, BACKUP_FILES.checkpoints);
  if (existsSync(checkpoints)) copyFileSync(checkpoints, path.join(half, BACKUP_FILES.checkpoints));
  if (manifest.isDemo) writeFileSync(path.join(half, 'DEMO'), '', { mode: 0o600 });
  const writer = openWriter(database, opened.value.databaseKey);
  if (!writer.ok) return writer;
  const db = writer.value;
  try {
    const head = ledgerHead(db);
    if (head.seq !== manifest.ledger.seq || head.hash.toString('hex') !== manifest.ledger.hash)
      return err({ code: 'backup-damaged' });
    migrate(db, MIGRATIONS);
    const objects = await copyBack(db, half, wish, opened.value.databaseKey, manifest.objects.count);
    if (!objects.ok) return objects;
    inTransaction(db, () => {
      // What came back from a copy is read whole once, whenever it was read last where it came from.
      const running = latestPass(db, 'verify', 'running');
      if (running !== null) finishPass(db, running, wish.nowMs);
      startPass(db, 'verify', 'restore', wish.nowMs);
      appendEvent(db, {
        kind: 'station-restored',
        payload: { takenAtMs: manifest.takenAtMs, fromSeq: manifest.ledger.seq, missing: objects.value.missing.length },
        ...{ siteId: null, actor: serviceActor('station'), correlationId: v7(), atMs: wish.nowMs },
      });
    });
    db.pragma('wal_checkpoint(TRUNCATE)'); // everything in the file, synced, before it gets its name
    writeCheckpoint(ledgerHead(db), path.join(half, BACKUP_FILES.checkpoints), opened.value.signingKey, {
      nowMs: () => wish.nowMs,
    });
    return ok({ manifest, ...objects.value });
  } finally {
    db.close();
  }
}

/** The vault as it was, opened with the passphrase, or copied from where it was kept. */
function giveVault(
  folder: string,
  wish: RestoreWish,
  manifest: BackupManifest,
): Result<
  { readonly folder: string; readonly databaseKeyHex?: string; readonly signingKeyPem?: string },
  RestoreFailure
> {
  if (wish.vault !== null) {
    if (!existsSync(wish.vault)) return err({ code: 'key-missing' });
    for (const name of readdirSync(wish.vault)) copyFileSync(path.join(wish.vault, name), path.join(folder, name));
    return ok({ folder });
  }
  if (!manifest.hasKeys) return err({ code: 'key-missing' });
  if (wish.passphrase === null) return err({ code: 'passphrase-needed' });
  const sealed = path.join(wish.backup, BACKUP_FILES.keys);
  if (!existsSync(sealed)) return err({ code: 'backup-damaged' });
  const copy = openKeys(readFileSync(sealed, 'utf8'), wish.passphrase);
  if (!copy.ok) return copy;
  writeVault(folder, copy.value);
  return ok({ folder });
}

/** Keys that came from a keychain or the environment become files too: the new place has neither. */
function writeVault(folder: string, copy: VaultCopy): void {
  const files = { ...copy.files, 'database.key': copy.databaseKeyHex, 'signing.pem': copy.signingKeyPem };
  for (const [name, text] of Object.entries(files)) {
    if (name === path.basename(name)) writeFileSync(path.join(folder, name), text, { mode: 0o600 });
  }
}

async function copyBack(
  db: WritableDb,
  half: string,
  wish: RestoreWish,
  databaseKey: Buffer,
  count: number,
): Promise<Result<Pick<Restored, 'objects' | 'missing'>, RestoreFailure>> {
  const from = path.resolve(wish.backup, '..', '..', OBJECTS_FOLDER);
  const objectsFolder = path.join(half, 'objects');
  const reader = openObjectReader(objectsFolder, { find: findingKeys(path.join(half, 'vault'), databaseKey) });
  const missing: string[] = [];
  let objects = 0;
  let seen = 0;
  for (let after = ''; ; ) {
    const page = listObjectsAfter(db, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return ok({ objects, missing });
    after = last.digest;
    for (const { digest, encoding } of page) {
      if (wish.signal?.aborted === true) return err({ code: 'cancelled' });
      const restored = await giveBack(listCopies(from, digest), objectsFolder, digest, (standsAs) =>
        wish.check(reader, digest, standsAs),
      );
      if (restored === null) missing.push(digest);
      else objects += 1;
      // Sealed between the snapshot and its copying: the record follows the file.
      if (restored === SEALED && encoding === 'plain') recordSealed(db, digest, SEALED);
    }
    seen += page.length;
    wish.onProgress?.(seen, count);
  }
}

/** Puts back the first copy that is sound when it is read; null where none is. */
async function giveBack(
  copies: readonly string[],
  objectsFolder: string,
  digest: string,
  check: (standsAs: ObjectEncoding) => Promise<string>,
): Promise<ObjectEncoding | null> {
  for (const copy of copies) {
    const standsAs = copy.endsWith('.plain') ? 'plain' : SEALED;
    const target = objectPath(objectsFolder, digest, standsAs);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
    await copyFile(copy, target, constants.COPYFILE_FICLONE);
    if ((await check(standsAs)) === 'sound') return standsAs;
    rmSync(target);
  }
  return null;
}
