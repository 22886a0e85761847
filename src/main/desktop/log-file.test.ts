import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLogFile } from './log-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const clock = () => new Date(0);

test('keeps five bounded files and loses only the oldest lines', () => {
  const log = openLogFile(path.join(folder, 'logs', 'station.log'), clock, 10);
  for (let line = 0; line < 12; line += 1) log.write(`line ${String(line).padStart(2, '0')}.\n`);
  const names = readdirSync(path.join(folder, 'logs')).sort();
  const read = (name: string) => readFileSync(path.join(folder, 'logs', name), 'utf8');
  expect(names).toEqual(['station.log', 'station.log.1', 'station.log.2', 'station.log.3', 'station.log.4']);
  expect(names.map(read)).toEqual(['line 11.\n', 'line 10.\n', 'line 09.\n', 'line 08.\n', 'line 07.\n']);
});

test('goes on in the file it finds', () => {
  const file = path.join(folder, 'station.log');
  openLogFile(file, clock, 100).event('station-ended', { code: 139 });
  openLogFile(file, clock, 100).write('next\n');
  expect(readFileSync(file, 'utf8')).toBe(
    '{"time":"1970-01-01T00:00:00.000Z","event":"station-ended","code":139}\nnext\n',
  );
});

test('does not throw when the disk refuses', () => {
  const log = openLogFile(path.join(folder, 'logs', 'station.log'), clock, 100);
  rmSync(path.join(folder, 'logs'), { recursive: true });
  expect(() => log.write('nowhere to go\n')).not.toThrow();
});
