import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DATABASE_KEY_BYTES, openWriter, type WritableDb } from '../database.ts';
import { migrate } from '../migrate.ts';
import { consoleFurther } from './0008-console-further.ts';
import { MIGRATIONS } from './index.ts';

let folder: string;
let db: WritableDb;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-console-further-'));
  const opened = openWriter(path.join(folder, 'station.db'), randomBytes(DATABASE_KEY_BYTES));
  if (!opened.ok) throw new Error(opened.error.code);
  db = opened.value;
  migrate(db, MIGRATIONS.slice(0, 7));
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A row with whatever its columns must have, besides what is given; what it refers to need not be there. */
function putRow(table: string, values: Readonly<Record<string, unknown>>): void {
  const columns = db
    .prepare<[], { readonly name: string; readonly type: string }>(
      `SELECT name, type FROM pragma_table_info('${table}') WHERE "notnull" = 1 AND dflt_value IS NULL`,
    )
    .all();
  const row = { ...Object.fromEntries(columns.map(({ name, type }) => [name, type === 'TEXT' ? 'x' : 1])), ...values };
  const names = Object.keys(row);
  db.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map((name) => `@${name}`).join()})`).run(row);
}

test('a database of the step before gains a place for key images, and keeps what it has', () => {
  putRow('sites', { site_id: 's', code: 'north', zone: 'Etc/UTC' });
  migrate(db, MIGRATIONS);
  expect(db.prepare('SELECT code FROM sites').all()).toEqual([{ code: 'north' }]);
  expect(db.prepare('SELECT count(*) AS marks FROM key_images').get()).toEqual({ marks: 0 });
  const put = db.prepare("INSERT INTO key_images VALUES ('nowhere', 's', '1.2', 1, 'nobody', 'p', 1, 1)");
  expect(() => put.run()).toThrow(/FOREIGN KEY/);
});

test('what was decided of findings stays in the order in which it was said, and is bound to whose study it is', () => {
  db.pragma('foreign_keys = OFF');
  const states = { intent: 'new', zone_source: 'site', completeness: 'complete' };
  putRow('studies', { ...states, study_id: 'st', site_id: 's', patient_id: 'p' });
  putRow('findings', { finding_id: 'f', study_id: 'st', site_id: 's', state: 'rejected' });
  putRow('finding_decisions', { decision_id: 'b', finding_id: 'f', decision: 'accepted', decided_at_ms: 9 });
  // The last word, though a clock was set back before it and its id sorts before the other's.
  const last = { decision_id: 'a', finding_id: 'f', decision: 'rejected', reason: 'artefact' };
  putRow('finding_decisions', { ...last, decided_at_ms: 4 });
  // All of the step but its look at what refers to what, for these rows stand alone.
  db.exec(consoleFurther.sql);
  const of = { site_id: 's', patient_id: 'p', identity_version: 0, aspects: '[]' };
  expect(
    db
      .prepare(
        'SELECT decision, reason, site_id, patient_id, identity_version, aspects FROM finding_decisions ORDER BY rowid',
      )
      .all(),
  ).toEqual([
    { ...of, decision: 'accepted', reason: null },
    { ...of, decision: 'rejected', reason: 'artefact' },
  ]);
});
