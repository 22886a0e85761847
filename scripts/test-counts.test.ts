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
    {
      ...{ fullName: ' does that', status: 'failed' },
      failureMessages: [
        [
          ...['AssertionError: expected 1 to be 2', ''],
          '    at task (file:///x/node_modules/vitest/dist/run.js:1:1)',
          `    at ${path.join(ROOT, 'src/thing.test.ts')}:7:15`,
          `    at ${path.join(ROOT, 'src/other.ts')}:9:1`,
        ].join('\n'),
      ],
    },
    { fullName: 'needs data', status: 'skipped' },
  ];
  expect(countsOf([{ name, status: 'failed', assertionResults }])).toEqual({
    passed: 1,
    failures: [
      {
        title: `${path.join('src', 'thing.test.ts')}: does that`,
        why: 'AssertionError: expected 1 to be 2\n    at src/thing.test.ts:7:15',
      },
    ],
    skipped: [`${path.join('src', 'thing.test.ts')}: needs data`],
  });
});

test('counts a file that could not be loaded as one failure', () => {
  const name = path.join(ROOT, 'broken.test.ts');
  expect(countsOf([{ name, status: 'failed', message: 'Error: no such module', assertionResults: [] }])).toEqual({
    ...{ passed: 0, skipped: [] },
    failures: [{ title: 'broken.test.ts', why: 'Error: no such module' }],
  });
});

test('knows a folder with tests from one without, and from none', () => {
  expect(['scripts', 'docs', 'no-such-folder'].map(hasTests)).toEqual([true, false, false]);
});
