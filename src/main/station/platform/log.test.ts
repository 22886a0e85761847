import { beforeEach, expect, test } from 'vitest';
import { type Log, type LogFields, openLog } from './log.ts';

const NAME = 'QUETZALCOATLUS^NORTHROPI';
let lines: string[];
let log: Log;

beforeEach(() => {
  lines = [];
  log = openLog('info', { write: (line: string) => lines.push(line) });
});
const records = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('writes one JSON line an event, with its fields', () => {
  log.info('station-ready', { port: 8642, version: '0.1.0' });
  log.warn('disk-low', { count: 3 });
  expect(records()).toMatchObject([
    { level: 30, event: 'station-ready', port: 8642, version: '0.1.0', time: expect.any(Number) },
    { level: 40, event: 'disk-low', count: 3 },
  ]);
});

test('leaves out every field that is not on the list, whatever the caller’s types say', () => {
  const fields = { patientName: NAME, studyId: 's', message: NAME, err: new Error(NAME), path: NAME } as LogFields;
  log.info('study-filed', fields);
  log.incident('study-lost', new Error(NAME), fields);
  expect(Object.keys(records()[0] ?? {}).toSorted()).toEqual(['event', 'level', 'studyId', 'time']);
  expect(lines.join('')).not.toContain(NAME);
});

test('tells of an error its class, its code and where it was, never its message', () => {
  class SqliteError extends Error {
    readonly code = 'SQLITE_CONSTRAINT';
  }
  const error = new SqliteError(`no patient ${NAME}\n    at ${NAME} (a line of the message)`);
  const incidentId = log.incident('verb-failed', error, { code: 'x' });
  const [record] = records();
  expect(record).toMatchObject({ level: 50, incidentId, error: { type: 'SqliteError', code: 'SQLITE_CONSTRAINT' } });
  expect((record as { error: { at: string[] } }).error.at[0]).toContain('log.test.ts');
  expect(lines.join('')).not.toContain(NAME);
});

test.each([[NAME], [{ toString: (): string => NAME, patientName: NAME }], [null], [undefined]])(
  'tells only the type of what is thrown and is no error',
  (thrown) => {
    log.incident('verb-failed', thrown);
    expect(lines.join('')).not.toContain(NAME);
    expect(lines).toHaveLength(1);
  },
);

test('gives each incident an id short enough to read out, and a fresh one', () => {
  const ids = [log.incident('a', null), log.incident('b', null)];
  expect(ids[0]).toMatch(/^[0-9A-F]{10}$/);
  expect(new Set(ids).size).toBe(2);
});

test('says no more than its level', () => {
  const quiet = openLog('error', { write: (line: string) => lines.push(line) });
  quiet.info('a');
  quiet.warn('b');
  quiet.incident('c', null);
  openLog('silent', { write: (line: string) => lines.push(line) }).incident('d', null);
  expect(records().map(({ event }) => event)).toEqual(['c']);
});
