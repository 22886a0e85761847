import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DATABASE_KEY_BYTES, openReader, openWriter, type ReadableDb, type WritableDb } from './database.ts';
import { migrate, type Migration } from './migrate.ts';

const FIRST: Migration = { name: 'first', sql: 'CREATE TABLE notes (text TEXT NOT NULL) STRICT' };
const SECOND: Migration = { name: 'second', sql: 'ALTER TABLE notes ADD COLUMN at_ms INTEGER' };
const FAILING: Migration = {
  name: 'failing',
  sql: 'CREATE TABLE half (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1)',
};

const key = randomBytes(DATABASE_KEY_BYTES);
let folder: string;
let file: string;
let db: WritableDb;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-migrate-'));
  file = path.join(folder, 'station.db');
  const opened = openWriter(file, key);
  if (!opened.ok) throw new Error(opened.error.code);
  db = opened.value;
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const version = (of: ReadableDb) => of.pragma('user_version', { simple: true });
const tables = (of: ReadableDb) =>
  of
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map((row) => (row as { name: string }).name);

test('takes only the steps that are pending, in order', () => {
  expect(migrate(db, [FIRST])).toEqual({ ok: true, value: { from: 0, to: 1 } });
  expect(migrate(db, [FIRST, SECOND])).toEqual({ ok: true, value: { from: 1, to: 2 } });
  expect(migrate(db, [FIRST, SECOND])).toEqual({ ok: true, value: { from: 2, to: 2 } });
  expect(db.pragma('table_info(notes)')).toHaveLength(2);
});

test('refuses a database of a newer build and changes nothing', () => {
  migrate(db, [FIRST, SECOND]);
  expect(migrate(db, [FIRST])).toEqual({ ok: false, error: { code: 'database-newer' } });
  expect(version(db)).toBe(2);
});

test('copies the database aside before the first pending step: whole, encrypted, of the old version', () => {
  migrate(db, [FIRST]);
  db.prepare("INSERT INTO notes VALUES ('kept')").run();
  expect(existsSync(`${file}.before-1`)).toBe(false);
  migrate(db, [FIRST, SECOND]);
  const copy = openReader(`${file}.before-2`, key);
  if (!copy.ok) throw new Error(copy.error.code);
  expect(version(copy.value)).toBe(1);
  expect(copy.value.prepare('SELECT * FROM notes').all()).toEqual([{ text: 'kept' }]);
  copy.value.close();
});

test('makes no copy when nothing is pending', () => {
  migrate(db, [FIRST]);
  migrate(db, [FIRST]);
  expect(existsSync(`${file}.before-2`)).toBe(false);
});

test('rolls a failing step back whole, keeps the steps before it and tries again later', () => {
  migrate(db, [FIRST]);
  expect(() => migrate(db, [FIRST, SECOND, FAILING])).toThrow(/nowhere/);
  expect([version(db), tables(db)]).toEqual([2, ['notes']]);
  expect(migrate(db, [FIRST, SECOND, { name: 'mended', sql: 'CREATE TABLE whole (a INTEGER) STRICT' }]).ok).toBe(true);
  expect([version(db), tables(db)]).toEqual([3, ['notes', 'whole']]);
});

test('a step may make a table anew that others refer to, and leaves none of them without it', () => {
  const parents = (name: string) =>
    `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, self INTEGER REFERENCES parents (id)) STRICT;`;
  const family: Migration = {
    name: 'family',
    sql: `${parents('parents')} CREATE TABLE children (of INTEGER NOT NULL REFERENCES parents (id)) STRICT;
          INSERT INTO parents VALUES (1, NULL), (2, 1); INSERT INTO children VALUES (2);`,
  };
  const anew = (kept: string): Migration => ({
    name: 'anew',
    sql: `${parents('anew')} INSERT INTO anew SELECT * FROM parents WHERE ${kept}; DROP TABLE parents; ALTER TABLE anew RENAME TO parents;`,
  });
  migrate(db, [family]);
  expect(() => migrate(db, [family, anew('id = 1')])).toThrow('rows of children refer to what is not there');
  expect([version(db), db.pragma('foreign_keys', { simple: true })]).toEqual([1, 1]);
  expect(migrate(db, [family, anew('true')]).ok).toBe(true);
  expect(() => db.prepare('INSERT INTO children VALUES (3)').run()).toThrow(/FOREIGN KEY/);
  expect(db.prepare('SELECT id, self FROM parents').all()).toEqual([
    { id: 1, self: null },
    { id: 2, self: 1 },
  ]);
  expect(() => db.prepare('DELETE FROM parents WHERE id = 1').run()).toThrow(/FOREIGN KEY/);
});
