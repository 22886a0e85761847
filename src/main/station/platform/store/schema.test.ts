import { afterAll, expect, test } from 'vitest';
import { TABLE_OWNERS } from './table-owners.ts';
import { openTestStore } from './test-store.ts';

const store = openTestStore();
afterAll(() => store.close());

type Table = { readonly name: string; readonly sql: string; readonly strict: number };
const tables = store.db
  .prepare(
    // What a search walks is strict in its own way: it holds words and nothing else.
    `SELECT l.name, l.strict OR l.type = 'virtual' AS strict, s.sql FROM pragma_table_list l JOIN sqlite_schema s ON s.name = l.name
      WHERE l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite_%'`,
  )
  .all() as Table[];
const columns = (table: string) => store.db.pragma(`table_info(${table})`) as { name: string; type: string }[];

/** What a row may be in: closed lists, so that no state is stored that the code has no name for. */
const STATE_COLUMNS = new Set([
  'state',
  'stage',
  'intent',
  'completeness',
  'decision',
  'standing',
  'level',
  'encoding',
]);
/** A projection repeats what its sources have checked. */
const PROJECTIONS = new Set(['open_studies', 'archived_studies', 'worklist_tallies', 'worklist_kinds']);

test('every table is strict and has one owner, and every owner a table', () => {
  expect(tables.filter(({ strict }) => strict !== 1).map(({ name }) => name)).toEqual([]);
  expect(tables.map(({ name }) => name).toSorted()).toEqual(Object.keys(TABLE_OWNERS).toSorted());
});

test('every column that holds a state is held to a list', () => {
  const open = tables
    .filter(({ name }) => !PROJECTIONS.has(name))
    .flatMap(({ name, sql }) =>
      columns(name)
        .filter((column) => STATE_COLUMNS.has(column.name) && !sql.includes(`CHECK (${column.name} IN (`))
        .map((column) => `${name}.${column.name}`),
    );
  expect(open).toEqual([]);
  expect(tables.filter(({ sql }) => sql.includes('CHECK (state IN (')).length).toBeGreaterThan(8);
});

test('every yes or no is 0 or 1', () => {
  const open = tables.flatMap(({ name, sql }) =>
    columns(name)
      .filter((column) => column.name.startsWith('is_') && !sql.includes(`CHECK (${column.name} IN (0, 1))`))
      .map((column) => `${name}.${column.name}`),
  );
  expect(open).toEqual([]);
});

test('every clinical table carries its site, of its own or through the study, run or patient it hangs from', () => {
  const PARENTS = ['study_id', 'finding_id', 'order_id', 'report_id', 'user_id', 'run_id'];
  // What is known of a file's pixels goes by its digest, as the file does, whichever sites have it.
  const OF_THE_STATION = [
    'sites',
    'users',
    'models',
    'package_faults',
    'inference_setting',
    'pixels_let_go',
    'run_turns',
    'model_breakers',
    'model_usage',
    'golden_results',
    'model_providers',
  ];
  const clinical = tables.filter(
    ({ name, sql }) =>
      !TABLE_OWNERS[name]?.startsWith('platform/') && !OF_THE_STATION.includes(name) && !sql.includes('USING fts5'),
  );
  const without = clinical.filter(({ name }) => {
    const names = columns(name).map((column) => column.name);
    return !names.includes('site_id') && !PARENTS.some((parent) => names.includes(parent));
  });
  expect(without.map(({ name }) => name)).toEqual([]);
});

test('refuses a state nobody has named, a second current version and a finished run without receipt', () => {
  const refuse = (sql: string, message: RegExp) => expect(() => store.db.exec(sql)).toThrow(message);
  store.db.exec(`
    INSERT INTO sites VALUES ('s', 'north', 'North', 'Etc/UTC', 0);
    INSERT INTO patients (patient_id, site_id, name, name_key) VALUES ('p', 's', '', '');
    INSERT INTO studies (study_id, site_id, study_uid, patient_id, correlation_id, intent, study_revision, modality, zone_source,
                         received_at_ms, last_received_at_ms, completeness)
      VALUES ('t', 's', '1.2', 'p', 'c', 'new', 1, 'CT', 'site', 0, 0, 'receiving');
    INSERT INTO series (series_id, site_id, study_id, series_uid, modality) VALUES ('x', 's', 't', '1.2.3', 'CT');
    INSERT INTO instances (instance_id, site_id, study_id, series_id, sop_uid) VALUES ('i', 's', 't', 'x', '1.2.3.4');
    INSERT INTO objects (digest, encoding, size_bytes, body_offset, stored_at_ms) VALUES ('d1', 'plain', 1, 0, 0), ('d2', 'plain', 1, 0, 0);
    INSERT INTO models (digest, model_id, version, clinical_use, manifest, package_path, state, installed_at_ms)
      VALUES ('m', 'model', '1.0.0', 'none', '{}', '/', 'installed', 0);
  `);
  const version = (digest: string) =>
    `INSERT INTO instance_versions (site_id, sop_uid, digest, is_current, instance_id, sop_class_uid, transfer_syntax_uid, frames, attributes,
                                    study_revision, received_at_ms) VALUES ('s', '1.2.3.4', '${digest}', 1, 'i', '1', '1', 1, '{}', 1, 0)`;
  store.db.exec(version('d1'));
  refuse(version('d2'), /UNIQUE/);
  refuse("UPDATE studies SET completeness = 'perhaps'", /CHECK/);
  refuse("UPDATE studies SET study_revision = 'one'", /cannot store TEXT/);
  refuse(
    "INSERT INTO instances (instance_id, site_id, study_id, series_id, sop_uid) VALUES ('j', 's', 'nowhere', 'x', '9')",
    /FOREIGN KEY/,
  );
  const run = (state: string, receipt: string, reason: string) => `
    INSERT INTO runs (run_id, site_id, study_id, study_revision, model_digest, series_id, stage, state, queued_at_ms, series_choice, receipt, reason)
      VALUES ('${state}', 's', 't', 1, 'm', 'x', 'silent', '${state}', 0, '[]', ${receipt}, ${reason})`;
  refuse(run('finished', 'NULL', 'NULL'), /CHECK/);
  refuse(run('queued', "'{}'", 'NULL'), /CHECK/);
  refuse(run('failed', 'NULL', 'NULL'), /CHECK/);
});
