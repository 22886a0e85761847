import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openObjectKeys } from '../objects/object-keys.ts';
import { objectPath, openObjectStore, SEALED } from '../objects/object-store.ts';
import { recordEvicted, recordObject } from '../objects/records.ts';
import { openWriter, type WritableDb } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/index.ts';
import { openVault } from '../vault.ts';
import { restoreBackup, type RestoreWish } from './restore-backup.ts';
import { type BackupWish, type CheckObject, takeBackup } from './take-backup.ts';

/** By the tests that say so: to seal keys under it, or to open them, takes longer than all else here. Else the vault is given. */
const PASSPHRASE = 'correct horse battery staple';
const NOW_MS = Date.parse('2026-03-02T09:00:00Z');
const sound: CheckObject = async () => 'sound';
let folder: string;
let data: string;
let db: WritableDb;
let digests: string[];
const fileOf = (digest: string) => objectPath(path.join(data, 'objects'), digest, SEALED);

/** A data directory with three objects: made once, copied for each test. */
let made: string;
let databaseKey: Buffer;

beforeAll(async () => {
  made = mkdtempSync(path.join(tmpdir(), 'wetread-backup-'));
  const vaultFolder = path.join(made, 'vault');
  const vault = openVault({ folder: vaultFolder }, true);
  if (!vault.ok) throw new Error(vault.error.code);
  ({ databaseKey } = vault.value);
  const keys = openObjectKeys(vaultFolder, databaseKey, { mayCreate: true, atMs: NOW_MS });
  if (!keys.ok) throw new Error(keys.error.code);
  db = openedIn(made);
  migrate(db, MIGRATIONS);
  const objects = openObjectStore(path.join(made, 'objects'), keys.value);
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
  db.close();
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-backup-'));
  data = path.join(folder, 'data');
  cpSync(made, data, { recursive: true });
  db = openedIn(data);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

function openedIn(directory: string): WritableDb {
  const writer = openWriter(path.join(directory, 'wetread.db'), databaseKey);
  if (!writer.ok) throw new Error(writer.error.code);
  return writer.value;
}

const backUp = (check: CheckObject, more: Partial<BackupWish> = {}) =>
  takeBackup({
    data,
    destination: path.join(folder, 'backups'),
    passphrase: null,
    nowMs: NOW_MS,
    check,
    ...more,
  });
const restore = (backup: string, to: string, more: Partial<RestoreWish> = {}) =>
  restoreBackup({
    ...{ backup, data: to, passphrase: null, vault: path.join(data, 'vault'), nowMs: NOW_MS, check: sound },
    ...more,
  });
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
  const check: CheckObject = async (_objects, digest) => {
    if (digest !== gone) return 'sound';
    letGo(digest);
    return condition;
  };
  const taken = await backUp(check, { passphrase: PASSPHRASE });
  if (!taken.ok) throw new Error(taken.error.code);
  expect(taken.value).toMatchObject({ copied: 2, manifest: { missing: [gone], damaged: [], objects: { count: 3 } } });
  // The snapshot is of before: it names the object, and the restore says that it has none.
  const keys = { passphrase: PASSPHRASE, vault: null };
  const restored = await restore(taken.value.folder, path.join(folder, 'restored'), keys);
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

test.each([
  ['the data directory', (_link: string) => data],
  ['a folder in it', (_link: string) => path.join(data, 'new', 'one')],
  ['a link to it', (link: string) => link],
  ['a folder behind a link to it', (link: string) => path.join(link, 'objects')],
])('a backup into %s is refused, and nothing is written', async (_what, choose) => {
  const link = path.join(folder, 'link');
  symlinkSync(data, link, 'junction');
  const before = readdirSync(data, { recursive: true });
  expect(await backUp(sound, { destination: choose(link) })).toEqual({
    ok: false,
    error: { code: 'destination-in-data' },
  });
  expect(readdirSync(data, { recursive: true })).toEqual(before);
});

test.each(['backups', 'objects', path.join('backups', 'station')])(
  'a data directory that stands as %s in the destination is not taken for backups, nor removed as unfinished',
  async (name) => {
    const destination = path.join(folder, 'shared');
    const link = path.join(destination, name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(data, link, 'junction');
    const isBelow = name.includes(path.sep);
    const wish = isBelow ? { destination, data: aMoved(link) } : { destination };
    expect(await backUp(sound, wish)).toEqual({ ok: false, error: { code: 'destination-in-data' } });
    expect(existsSync(path.join(link, 'vault'))).toBe(true);
  },
);

/** The data directory itself in the place of a link to it. */
function aMoved(link: string): string {
  rmSync(link);
  db.close();
  renameSync(data, link);
  return link;
}

test('a folder whose name only begins with two dots stands in the data directory, too', async () => {
  const destination = path.join(data, '..backups');
  expect(await backUp(sound, { destination })).toEqual({ ok: false, error: { code: 'destination-in-data' } });
});

test.each([
  ['itself', (backup: string, _link: string) => backup],
  ['a new folder in it', (backup: string, _link: string) => path.join(backup, 'data')],
  ['a new folder behind a link to it', (_backup: string, link: string) => path.join(link, 'data')],
  ['a folder beside it', (backup: string, _link: string) => path.join(path.dirname(backup), 'data')],
  ['the objects of all backups', (backup: string, _link: string) => path.join(backup, '..', '..', 'objects', 'data')],
])('a restore of a backup into %s is refused, and the backup stays as it was', async (_what, choose) => {
  const backup = await aBackup();
  const link = path.join(folder, 'link');
  symlinkSync(backup, link, 'junction');
  const whole = () => readdirSync(path.join(folder, 'backups'), { recursive: true });
  const before = whole();
  expect(await restore(backup, choose(backup, link))).toEqual({ ok: false, error: { code: 'target-in-backup' } });
  expect(whole()).toEqual(before);
  expect(await restore(backup, path.join(folder, 'restored'))).toMatchObject({ ok: true, value: { objects: 3 } });
});
