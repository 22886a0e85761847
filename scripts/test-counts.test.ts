import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './run-command.ts';
import { hasTests, readCounts } from './test-counts.ts';

function countsOf(testResults: unknown): ReturnType<typeof readCounts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-counts-'));
  try {
    const report = path.join(folder, 'report.json');
    writeFileSync(report, JSON.stringify({ testResults }));
    return readCounts(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('counts what passed and failed, and names what was left out', () => {
  const name = path.join(ROOT, 'src/thing.test.ts');
  const assertionResults = [
    { fullName: 'does this', status: 'passed' },
    { fullName: 'does that', status: 'failed' },
    { fullName: 'needs data', status: 'skipped' },
  ];
  expect(countsOf([{ name, status: 'failed', assertionResults }])).toEqual({
    passed: 1,
    failed: 1,
    skipped: [`${path.join('src', 'thing.test.ts')}: needs data`],
  });
});

test('counts a file that could not be loaded as one failure', () => {
  expect(countsOf([{ name: 'broken.test.ts', status: 'failed', assertionResults: [] }])).toMatchObject({
    passed: 0,
    failed: 1,
  });
});

test('knows a folder with tests from one without, and from none', () => {
  expect(['scripts', 'docs', 'no-such-folder'].map(hasTests)).toEqual([true, false, false]);
});
