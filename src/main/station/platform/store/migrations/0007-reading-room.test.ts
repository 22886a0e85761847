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
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-reading-room-'));
  const opened = openWriter(path.join(folder, 'station.db'), randomBytes(DATABASE_KEY_BYTES));
  if (!opened.ok) throw new Error(opened.error.code);
  db = opened.value;
  migrate(db, MIGRATIONS.slice(0, 6));
  put('sites', { site_id: 'north' });
  put('patients', { patient_id: 'jane', site_id: 'north' });
  for (const [user_id, username] of [
    ['anna', 'anna'],
    ['ben', 'ben'],
  ])
    put('users', { user_id: user_id ?? '', username: username ?? '', state: 'active', site_id: 'north' });
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

type Column = { readonly name: string; readonly type: string; readonly notnull: number; readonly dflt_value: unknown };
type Values = Readonly<Record<string, string | number | null>>;

/** A row of a table with these values, and something in every other column that must have a value. */
function put(table: string, values: Values): void {
  const columns = db.pragma(`table_info(${table})`) as Column[];
  const needed = columns
    .filter(({ notnull, dflt_value }) => notnull === 1 && dflt_value === null)
    .map(({ name, type }) => [name, type === 'INTEGER' ? 0 : type === 'BLOB' ? Buffer.alloc(0) : '']);
  const known = new Set(columns.map(({ name }) => name));
  const row = Object.fromEntries([...needed, ...Object.entries(values).filter(([name]) => known.has(name))]);
  const names = Object.keys(row);
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`).run(
    row,
  );
}

type Made = {
  readonly level?: 'critical' | 'routine';
  readonly asked?: readonly (readonly [cause: string, source: string | null, atMs: number])[];
  readonly opened?: readonly (readonly [userId: string, revision: number, atMs: number])[];
  readonly completeRevision?: number;
  readonly isListed?: boolean;
};

function study(
  study_id: string,
  { level = 'critical', asked = [], opened = [], completeRevision = 3, isListed = true }: Made,
): void {
  const place = { site_id: 'north', study_id, intent: 'new', completeness: 'complete' };
  put('studies', {
    ...{ ...place, study_uid: study_id, patient_id: 'jane', zone_source: 'site', study_revision: 4 },
    complete_revision: completeRevision,
  });
  const standing = level === 'routine' ? 'ordinary' : 'suspected';
  put('study_urgency', {
    ...{ ...place, level, standing, service_level: 'outpatient', reasons: '[]', open_by_at_ms: 900 },
    ...{ report_by_at_ms: 1800, limit_at_ms: 700, is_waiting: opened.length === 0 ? 1 : 0 },
  });
  for (const [cause, source, asked_at_ms] of asked)
    put('urgency_asks', { ...place, ask: `${cause} ${asked_at_ms}`, cause, source, asked_at_ms, level });
  for (const [user_id, study_revision, opened_at_ms] of opened)
    put('study_openings', { study_id, user_id, study_revision, opened_at_ms });
  const row = { urgency: { level, standing }, openByAtMs: 900, reportByAtMs: 1800, openedBy: opened.length > 0 };
  if (isListed)
    put('open_studies', {
      ...{ ...place, urgency_rank: level === 'critical' ? 0 : 2, is_opened: opened.length > 0 ? 1 : 0 },
      ...{ due_at_ms: 1800, report: 'none', row: JSON.stringify(row), settled_as: opened.length > 0 ? 'opened' : null },
      ...{ settled_at_ms: opened.length > 0 ? 60 : null, search_text: '{}', in_pacs: 'not-yet' },
    });
}
const placeOf = (studyId: string) => {
  const found = db
    .prepare(
      `SELECT s.urgency_rank, s.due_at_ms, s.settled_as, s.row, u.raises, u.seen_raises, u.is_waiting
         FROM open_studies s JOIN study_urgency u ON u.study_id = s.study_id WHERE s.study_id = ?`,
    )
    .get(studyId) as Record<string, unknown>;
  const { openAgain = [], urgency } = JSON.parse(String(found['row'])) as { openAgain?: string[]; urgency: object };
  return { ...found, row: [openAgain, 'raises' in urgency ? urgency.raises : 0] };
};

test('who opened a study before it was raised, or before its last images, has not seen it; the others have', () => {
  study('flagged-after', { asked: [['ai', 'digest', 100]], opened: [['anna', 4, 50]] });
  study('flagged-before', { asked: [['ai', 'digest', 100]], opened: [['anna', 4, 150]] });
  study('opened-and-declared', { asked: [['person', 'anna', 200]], opened: [['anna', 4, 50]] });
  study('declared-by-another', { asked: [['person', 'ben', 200]], opened: [['anna', 4, 50]] });
  study('nobody-opened', { asked: [['ai', 'digest', 100]] });
  study('late-images', { level: 'routine', opened: [['anna', 2, 50]] });
  study('late-report', { level: 'routine', opened: [['anna', 3, 50]] });
  study('left-the-list', { asked: [['ai', 'digest', 100]], opened: [['anna', 4, 50]], isListed: false });
  expect(migrate(db, MIGRATIONS).ok).toBe(true);
  const again = { due_at_ms: 900, settled_as: null };
  const seen = { due_at_ms: 1800, settled_as: 'opened', is_waiting: 0 };
  const raised = { raises: 1, seen_raises: 0 };
  expect(placeOf('flagged-after')).toEqual({
    ...{ ...again, ...raised, urgency_rank: 0, is_waiting: 1, row: [['flagged'], 1] },
  });
  expect(placeOf('flagged-before')).toEqual({ ...seen, ...raised, urgency_rank: 3, row: [[], 1] });
  expect(placeOf('opened-and-declared')).toEqual({
    ...{ ...seen, raises: 1, seen_raises: 1, urgency_rank: 3, row: [[], 1] },
  });
  expect(placeOf('declared-by-another')).toMatchObject({ urgency_rank: 0, is_waiting: 1, row: [['flagged'], 1] });
  expect(placeOf('nobody-opened')).toMatchObject({ ...raised, urgency_rank: 0, is_waiting: 1, row: [[], 1] });
  expect(placeOf('late-images')).toEqual({
    ...{ ...again, raises: 0, seen_raises: 0, urgency_rank: 2, is_waiting: 0, row: [['images'], 0] },
  });
  expect(placeOf('late-report')).toEqual({ ...seen, raises: 0, seen_raises: 0, urgency_rank: 5, row: [[], 0] });
  expect(db.prepare("SELECT raises FROM study_urgency WHERE study_id = 'left-the-list'").pluck().get()).toBe(0);
  const limitOf = db.prepare('SELECT limit_at_ms FROM study_urgency WHERE study_id = ?').pluck();
  expect(['flagged-after', 'flagged-before', 'nobody-opened'].map((id) => limitOf.get(id))).toEqual([null, 700, 700]);
  const tallies = db.prepare(
    'SELECT urgency_rank, is_opened, rows FROM worklist_tallies WHERE rows <> 0 ORDER BY 1, 2',
  );
  expect(tallies.raw().all()).toEqual([
    [0, 0, 3],
    [2, 0, 1],
    [3, 1, 2],
    [5, 1, 1],
  ]);
});

test('where the list is still to be built, everything above Routine was raised', () => {
  const made = { asked: [['ai', 'digest', 100]], isListed: false } as const;
  study('flagged-after', { ...made, opened: [['anna', 4, 50]] });
  study('flagged-before', { ...made, opened: [['anna', 4, 150]] });
  expect(migrate(db, MIGRATIONS).ok).toBe(true);
  expect(db.prepare('SELECT raises FROM study_urgency').pluck().all()).toEqual([1, 1]);
  expect(db.prepare('SELECT raises FROM study_openings ORDER BY opened_at_ms').pluck().all()).toEqual([0, 1]);
});

test('what medical leads signed is carried over as it was, and routing may be signed beside it', () => {
  const set = (kind: string, version: number, state: string, signed_by: string | null = null): void =>
    put('triage_sets', {
      ...{ site_id: 'north', kind, version, state, body: `{"n":${version}}`, reason: 'as agreed', proposed_by: 'anna' },
      ...{ proposed_at_ms: version, signed_by, signed_at_ms: signed_by === null ? null : version + 1 },
    });
  set('policy', 1, 'replaced', 'anna');
  set('policy', 2, 'current', 'ben');
  set('policy', 3, 'proposed');
  set('rules', 1, 'withdrawn');
  const stored = () => db.prepare('SELECT * FROM triage_sets ORDER BY kind, version').all();
  const before = stored();
  expect(migrate(db, MIGRATIONS).ok).toBe(true);
  expect(stored()).toEqual(before);
  set('routing', 1, 'current', 'anna');
  expect(stored()).toHaveLength(5);
  expect(() => set('routing', 2, 'current', 'ben')).toThrow('UNIQUE');
  expect(() => set('rota', 1, 'proposed')).toThrow('CHECK');
});

test('rows of before are counted by their kinds, open ones where they stand by now', () => {
  study('flagged-after', { asked: [['ai', 'digest', 100]], opened: [['anna', 4, 50]] });
  study('flagged-before', { asked: [['ai', 'digest', 100]], opened: [['anna', 4, 150]] });
  study('late-report', { level: 'routine', opened: [['anna', 3, 50]] });
  study('unopened', { level: 'routine' });
  expect(migrate(db, MIGRATIONS).ok).toBe(true);
  const kinds = () =>
    db.prepare('SELECT place, urgency_rank, is_opened, rows FROM worklist_kinds ORDER BY urgency_rank').raw().all();
  expect(kinds()).toEqual([
    ['open', 0, 0, 1],
    ['open', 2, 0, 1],
    ['open', 3, 1, 1],
    ['open', 5, 1, 1],
  ]);
  db.prepare("DELETE FROM open_studies WHERE study_id = 'flagged-after'").run();
  expect(kinds()).toHaveLength(3);
});
