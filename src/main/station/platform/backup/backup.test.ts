import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openObjectKeys } from '../objects/object-keys.ts';
import { objectPath, openObjectStore, SEALED } from '../objects/object-store.ts';
import { recordEvicted, recordObject } from '../objects/records.ts';
import { openWriter, type WritableDb } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/index.ts';
import { openVault } from '../vault.ts';
import { restoreBackup, type RestoreWish } from './restore-backup.ts';
import { type BackupWish, type CheckObject, takeBackup } from './take-backup.ts';

const PASSPHRASE = 'correct horse battery staple';
const NOW_MS = Date.parse('2026-03-02T09:00:00Z');
const sound: CheckObject = async () => 'sound';
let folder: string;
let data: string;
let db: WritableDb;
let digests: string[];
let fileOf: (digest: string) => string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-backup-'));
  data = path.join(folder, 'data');
  const vaultFolder = path.join(data, 'vault');
  const vault = openVault({ folder: vaultFolder }, true);
  if (!vault.ok) throw new Error(vault.error.code);
  const { databaseKey } = vault.value;
  const keys = openObjectKeys(vaultFolder, databaseKey, { mayCreate: true, atMs: NOW_MS });
  const writer = openWriter(path.join(data, 'wetread.db'), databaseKey);
  if (!keys.ok || !writer.ok) throw new Error('a data directory did not open');
  db = writer.value;
  migrate(db, MIGRATIONS);
  const root = path.join(data, 'objects');
  const objects = openObjectStore(root, keys.value);
  digests = [];
  for (const text of ['one', 'two', 'three']) {
    const file = await objects.receive();
    await file.write(Buffer.from(text));
    const digest = createHash('sha256').update(text).digest('hex');
    await file.keep(digest);
    await file.discard();
    recordObject(db, { digest, encoding: SEALED, sizeBytes: text.length, bodyOffset: 0 }, NOW_MS);
    digests.push(digest);
  }
  digests.sort();
  await objects.close();
  fileOf = (digest) => objectPath(root, digest, SEALED);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const backUp = (check: CheckObject, more: Partial<BackupWish> = {}) =>
  takeBackup({
    data,
    destination: path.join(folder, 'backups'),
    passphrase: PASSPHRASE,
    nowMs: NOW_MS,
    check,
    ...more,
  });
const restore = (backup: string, to: string, more: Partial<RestoreWish> = {}) =>
  restoreBackup({ backup, data: to, passphrase: PASSPHRASE, vault: null, nowMs: NOW_MS, check: sound, ...more });
async function aBackup(): Promise<string> {
  const taken = await backUp(sound);
  if (!taken.ok) throw new Error(taken.error.code);
  return taken.value.folder;
}

/** The station lets an object go: its row says so first, then its file goes. */
function letGo(digest: string): void {
  recordEvicted(db, digest, NOW_MS);
  rmSync(fileOf(digest));
}

test.each([
  ['after it was read', 'sound'],
  ['before it was read', 'missing'],
])('an object let go while it is backed up, %s, is missing of that backup, which goes on', async (_when, condition) => {
  const [, gone = ''] = digests;
  const taken = await backUp(async (_objects, digest) => {
    if (digest !== gone) return 'sound';
    letGo(digest);
    return condition;
  });
  if (!taken.ok) throw new Error(taken.error.code);
  expect(taken.value).toMatchObject({ copied: 2, manifest: { missing: [gone], damaged: [], objects: { count: 3 } } });
  // The snapshot is of before: it names the object, and the restore says that it has none.
  const restored = await restore(taken.value.folder, path.join(folder, 'restored'));
  expect(restored).toMatchObject({ ok: true, value: { objects: 2, missing: [gone] } });
});

test('an object that cannot be written ends the backup: that is not a missing one', async () => {
  const taken = backUp(async (_objects, digest) => {
    const copies = path.join(folder, 'backups', 'objects', digest.slice(0, 2));
    mkdirSync(path.dirname(copies), { recursive: true });
    writeFileSync(copies, 'a file where a folder has to be');
    return 'sound';
  });
  await expect(taken).rejects.toMatchObject({ syscall: 'mkdir' });
});

test.each([true, false])(
  'a station started where a backup is being restored (folder there before: %s) loses nothing',
  async (isThere) => {
    const backup = await aBackup();
    const to = path.join(folder, 'restored');
    if (isThere) mkdirSync(to);
    const live = path.join(to, 'wetread.db');
    const restored = await restore(backup, to, {
      onProgress() {
        mkdirSync(to, { recursive: true });
        writeFileSync(live, 'live');
      },
    });
    expect(restored).toEqual({ ok: false, error: { code: 'target-not-empty' } });
    expect(readFileSync(live, 'utf8')).toBe('live');
    expect(existsSync(`${to}.restoring`)).toBe(false);
    rmSync(live);
    expect(await restore(backup, to)).toMatchObject({ ok: true, value: { objects: 3, missing: [] } });
  },
);
