import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run-command.ts';

/** How many tests ran, and the names of those left out. */
export type TestCounts = { readonly passed: number; readonly failed: number; readonly skipped: readonly string[] };

type VitestReport = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
};

/** Counts the tests of a vitest JSON report. */
export function readCounts(file: string): TestCounts {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ status, title: `${path.relative(ROOT, name)}: ${fullName}` })),
  );
  // A file that could not be loaded has failed, although none of its tests did.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: tests.filter(({ status }) => status === 'failed').length + broken.length,
    skipped: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ title }) => title),
  };
}

/** Whether a folder of the repository holds any test. */
export function hasTests(folder: string): boolean {
  const place = path.join(ROOT, folder);
  return (
    existsSync(place) &&
    readdirSync(place, { recursive: true, encoding: 'utf8' }).some((file) => /\.test\.tsx?$/.test(file))
  );
}
