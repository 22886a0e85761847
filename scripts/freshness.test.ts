import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestInputs, isFresh, writeStamp } from './freshness.ts';

const PAGE = { name: 'page', inputs: ['src', 'settings.json', 'absent.json'], outputs: ['out/page.html'] };

let root = '';
const isFreshNow = (): boolean => isFresh(root, PAGE, digestInputs(root, PAGE));
const write = (file: string, text: string): void => writeFileSync(path.join(root, file), text);

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wetread-freshness-'));
  mkdirSync(path.join(root, 'src/inner'), { recursive: true });
  mkdirSync(path.join(root, 'out'));
  write('src/inner/page.ts', 'one');
  write('settings.json', '{}');
  write('out/page.html', 'built');
  writeStamp(root, PAGE, digestInputs(root, PAGE));
});

afterEach(() => rmSync(root, { recursive: true }));

test('is fresh after building, whatever the files say of their age', () => {
  utimesSync(path.join(root, 'src/inner/page.ts'), new Date(), new Date());
  expect(isFreshNow()).toBe(true);
});

test.each<[string, () => void]>([
  ['an input changes', () => write('src/inner/page.ts', 'two')],
  ['an input is new', () => write('src/inner/row.ts', 'row')],
  ['an input that was absent comes', () => write('absent.json', '{}')],
  ['an input goes', () => rmSync(path.join(root, 'settings.json'))],
  ['what was built goes', () => rmSync(path.join(root, 'out/page.html'))],
  ['its stamp goes', () => rmSync(path.join(root, 'out/page.sha256'))],
])('is stale when %s', (_, change) => {
  change();
  expect(isFreshNow()).toBe(false);
});

test('stays fresh when only a test changes', () => {
  write('src/inner/page.test.ts', 'tests');
  expect(isFreshNow()).toBe(true);
});
