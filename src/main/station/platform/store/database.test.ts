import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DATABASE_KEY_BYTES, openReader, openWriter, prepared, type WritableDb } from './database.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openTestStore } from './test-store.ts';

const NAME = 'QUETZALCOATLUS^NORTHROPI';
const key = randomBytes(DATABASE_KEY_BYTES);
let folder: string;
let file: string;
let writers: WritableDb[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-database-'));
  file = path.join(folder, 'station.db');
  writers = [];
});
afterEach(() => {
  for (const writer of writers) writer.close();
  rmSync(folder, { recursive: true, force: true });
});

function writer(): WritableDb {
  const opened = openWriter(file, key);
  if (!opened.ok) throw new Error(opened.error.code);
  writers.push(opened.value);
  return opened.value;
}

function withPatient(): WritableDb {
  const db = writer();
  migrate(db, MIGRATIONS);
  db.prepare("INSERT INTO sites VALUES ('s', 'north', 'North', 'Etc/UTC', 0)").run();
  db.prepare("INSERT INTO patients VALUES ('p', 's', 1, ?, ?, NULL, NULL)").run(NAME, NAME);
  return db;
}

test('leaves no plaintext on disk: neither names nor SQL, in the database or its log', () => {
  const db = withPatient();
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  const wal = readFileSync(`${file}-wal`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  const bytes = Buffer.concat([wal, readFileSync(file)]);
  for (const text of [NAME, 'CREATE TABLE', 'SQLite format 3']) {
    expect([text, bytes.includes(text), bytes.includes(Buffer.from(text, 'utf16le'))]).toEqual([text, false, false]);
  }
});

test('writes ahead, leaves syncing to who acknowledges, and holds foreign keys', () => {
  const db = withPatient();
  const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'temp_store'];
  expect(pragmas.map((name) => db.pragma(name, { simple: true }))).toEqual(['wal', 1, 1, 2]);
});

test('refuses another key as wrong, for writing and for reading, and leaves the file as it was', () => {
  withPatient().close();
  writers = [];
  const before = readFileSync(file);
  const other = randomBytes(DATABASE_KEY_BYTES);
  expect(openWriter(file, other)).toEqual({ ok: false, error: { code: 'key-wrong' } });
  expect(openReader(file, other)).toEqual({ ok: false, error: { code: 'key-wrong' } });
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each([
  ['the second page', 1],
  ['a page in the middle', 0.5],
  ['the last page', -1],
])('calls a database damaged when one bit of %s has changed', (_where, place) => {
  withPatient().close();
  writers = [];
  const bytes = readFileSync(file);
  const pages = bytes.length / 4096;
  const page = place === -1 ? pages - 1 : place === 1 ? 1 : Math.floor(pages * place);
  bytes[page * 4096 + 100] = (bytes[page * 4096 + 100] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  expect(openWriter(file, key)).toEqual({ ok: false, error: { code: 'database-damaged' } });
});

test('calls a database busy while another program has it locked', () => {
  const db = withPatient();
  db.close();
  writers = [];
  const holder = writer();
  holder.pragma('locking_mode = EXCLUSIVE');
  holder.exec('BEGIN EXCLUSIVE; UPDATE sites SET name = name; COMMIT');
  expect(openReader(file, key)).toEqual({ ok: false, error: { code: 'database-busy' } });
});

test('a reader reads what is committed and can write nothing', () => {
  const store = openTestStore();
  store.db.prepare("INSERT INTO station_facts VALUES ('a', '1')").run();
  const reader = store.reader();
  expect(prepared(reader, 'SELECT * FROM station_facts').all()).toEqual([{ name: 'a', value: '1' }]);
  for (const sql of ["INSERT INTO station_facts VALUES ('b', '2')", 'DELETE FROM station_facts', 'CREATE TABLE x (a)'])
    expect(() => reader.exec(sql)).toThrow(/readonly/);
  store.close();
});

test('a reader does not make a database that is not there', () => {
  expect(() => openReader(file, key)).toThrow(/unable to open/);
  expect(existsSync(file)).toBe(false);
});

test('prepares a statement once for each connection', () => {
  const db = writer();
  expect(prepared(db, 'SELECT 1')).toBe(prepared(db, 'SELECT 1'));
  const store = openTestStore();
  expect(prepared(store.db, 'SELECT 1')).not.toBe(prepared(db, 'SELECT 1'));
  store.close();
});
