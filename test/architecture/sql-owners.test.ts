import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { findTrespasses, migratedNames, namesIn, type Owners } from './sql-owners.ts';

const OWNERS_FILE = 'platform/store/table-owners.ts';
const real = path.resolve(import.meta.dirname, '../../src/main/station');
const migrations = path.join(real, 'platform/store/migrations');
const fixture = path.join(import.meta.dirname, 'fixtures/sql/src/main/station');

async function ownersOf(station: string): Promise<Owners> {
  // Read as data, by its place: the test stands outside the station and imports none of its inside.
  const owners: unknown = await import(pathToFileURL(path.join(station, OWNERS_FILE)).href);
  const { TABLE_OWNERS, PUBLISHED_VIEWS } = owners as Record<string, Readonly<Record<string, string>>>;
  if (TABLE_OWNERS === undefined || PUBLISHED_VIEWS === undefined) throw new Error(`${OWNERS_FILE} names no owners.`);
  return { tables: TABLE_OWNERS, views: PUBLISHED_VIEWS };
}

test.skipIf(!existsSync(path.join(real, OWNERS_FILE)))(
  'SQL names only the tables of its own folder and the published views of earlier ones',
  async () => {
    const { statements, trespasses } = findTrespasses(real, await ownersOf(real));
    expect(trespasses).toEqual([]);
    expect(statements).toBeGreaterThan(0);
  },
);

test.skipIf(!existsSync(migrations))('every table and view of the migrations has one owner', async () => {
  const { tables, views } = await ownersOf(real);
  expect([...Object.keys(tables), ...Object.keys(views)].toSorted()).toEqual(migratedNames(migrations));
});

test('catches every trespass of the fixture, and nothing else', async () => {
  const { trespasses } = findTrespasses(fixture, await ownersOf(fixture));
  const marked = readFileSync(path.join(fixture, 'archive/queries.ts'), 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.endsWith('// trespass') ? [index + 1] : []));
  expect(trespasses.map(({ line }) => line)).toEqual(marked);
  expect(trespasses.map(({ name, why }) => `${name}: ${why}`)).toEqual([
    'users: the table belongs to access',
    'study_urgencies: the view belongs to triage, which comes later',
    'user_names: a view of access is only read',
    'urgencies: the table belongs to triage',
    'urgencies: the table belongs to triage',
    'forgotten: no table or view of that name has an owner',
    'events: the table belongs to platform/ledger',
    'urgencies: the table belongs to triage',
    '${: a computed name has no owner: spell it out',
  ]);
});

test.each([
  ['SELECT a FROM t, u', ['t', 'u']],
  ['SELECT a FROM t AS x, u y, json_each(@ids) WHERE b IN (1, 2) ORDER BY c, d', ['t', 'u']],
  ['SELECT a FROM ${name}', ['${']],
  ['UPDATE OR REPLACE t SET a = (SELECT b FROM u)', ['t', 'u']],
  ["SELECT a FROM t WHERE b = 'from x' -- from y", ['t']],
  ['INSERT INTO t (a) SELECT b FROM u LEFT JOIN v USING (c)', ['t', 'u', 'v']],
  ['SELECT a FROM "t" WHERE a IN (SELECT value FROM json_each(@ids))', ['t']],
])('reads the names in: %s', (sql, names) => {
  expect(namesIn(sql).map(({ name }) => name)).toEqual(names);
});
