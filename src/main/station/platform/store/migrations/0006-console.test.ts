import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DATABASE_KEY_BYTES, openWriter, type WritableDb } from '../database.ts';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './index.ts';

let folder: string;
let db: WritableDb;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-console-'));
  const opened = openWriter(path.join(folder, 'station.db'), randomBytes(DATABASE_KEY_BYTES));
  if (!opened.ok) throw new Error(opened.error.code);
  db = opened.value;
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

type Column = { readonly name: string; readonly type: string; readonly notnull: number; readonly dflt_value: unknown };

/** A row of a table with these values, and something in every other column that must have a value. */
function put(table: string, values: Readonly<Record<string, string | number | null>>): void {
  const needed = (db.pragma(`table_info(${table})`) as Column[])
    .filter(({ notnull, dflt_value }) => notnull === 1 && dflt_value === null)
    .map(({ name, type }) => [name, type === 'INTEGER' ? 0 : type === 'BLOB' ? Buffer.alloc(0) : '']);
  const row = { ...Object.fromEntries(needed), ...values };
  const names = Object.keys(row);
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`).run(
    row,
  );
}

test('runs of before are there as they were, with what hangs from them', () => {
  migrate(db, MIGRATIONS.slice(0, 5));
  put('sites', { site_id: 'north' });
  put('patients', { patient_id: 'jane', site_id: 'north' });
  put('studies', {
    ...{
      study_id: 'head',
      site_id: 'north',
      patient_id: 'jane',
      intent: 'new',
      completeness: 'assumed',
      zone_source: 'site',
    },
    ...{ study_revision: 8, complete_revision: 8 },
  });
  put('series', { series_id: 'axial', site_id: 'north', study_id: 'head' });
  put('models', { digest: 'bleed', state: 'verified' });
  const run = { site_id: 'north', study_id: 'head', model_digest: 'bleed', series_id: 'axial', stage: 'general' };
  put('runs', { ...run, run_id: 'early', study_revision: 7, state: 'superseded', is_early: 1, receipt: '{}' });
  put('runs', {
    ...{ ...run, run_id: 'final', study_revision: 8, state: 'finished', receipt: '{"form":2}', carried_from: 'early' },
    ...{ turn_at_ms: 5, lane: 0, cost: 1, audience: '["a"]', other_series: '[1]', refused_series: '[2]', attempts: 2 },
  });
  put('run_attempts', { run_id: 'early', ordinal: 1 });
  const before = db.prepare('SELECT * FROM runs ORDER BY run_id').all() as object[];
  expect(migrate(db, MIGRATIONS).ok).toBe(true);
  expect(db.prepare('SELECT * FROM runs ORDER BY run_id').all()).toEqual(
    before.map((row) => ({ ...row, round: 0, told_patient: '' })),
  );
  expect(db.prepare('SELECT run_id FROM run_attempts').pluck().all()).toEqual(['early']);
  expect(() => put('run_attempts', { run_id: 'nowhere', ordinal: 1 })).toThrow(/FOREIGN KEY/);
  const again = { ...run, run_id: 'again', study_revision: 8, state: 'queued' };
  expect(() => put('runs', again)).toThrow(/UNIQUE/);
  put('runs', { ...again, round: 1 });
});

test('what waits already is bound from the first start on; what was deleted waits for nobody', () => {
  migrate(db, MIGRATIONS.slice(0, 5));
  put('sites', { site_id: 'north' });
  put('patients', { patient_id: 'jane', site_id: 'north' });
  const study = { site_id: 'north', patient_id: 'jane', intent: 'new', completeness: 'assumed', zone_source: 'site' };
  const place = {
    site_id: 'north',
    level: 'routine',
    standing: 'ordinary',
    service_level: 'outpatient',
    reasons: '[]',
  };
  for (const id of ['waits', 'gone']) {
    put('studies', { ...study, study_id: id, study_uid: id, ...(id === 'gone' && { deleted_at_ms: 1 }) });
    put('study_urgency', { ...place, study_id: id, report_by_at_ms: 9 });
  }
  expect(migrate(db, MIGRATIONS).ok).toBe(true);
  const waiting = db.prepare('SELECT study_id, limit_at_ms FROM study_urgency WHERE is_waiting = 1').all();
  expect(waiting).toEqual([{ study_id: 'waits', limit_at_ms: 9 }]);
  const jobs = db.prepare("SELECT subject_id, site_id FROM jobs WHERE kind = 'triage-limit'").all();
  expect(jobs).toEqual([{ subject_id: 'north', site_id: 'north' }]);
});
