import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run-command.ts';

/** How many tests ran, which of them failed and why, and the names of those left out. */
export type TestCounts = {
  readonly passed: number;
  readonly failures: readonly TestFailure[];
  readonly skipped: readonly string[];
};

/** A test, or a file that could not be loaded, with the few lines of its error that say most. */
export type TestFailure = { readonly title: string; readonly why: string };

type VitestReport = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
};

const LINES_OF_A_MESSAGE = 8;
const CHARACTERS_OF_A_LINE = 200;

/** Counts the tests of a vitest JSON report. */
export function readCounts(file: string): TestCounts {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  const tests = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages = [] }) => ({
      ...{
        status,
        title: `${path.relative(ROOT, name)}: ${fullName.trim()}`,
        why: shortened(failureMessages.join('\n')),
      },
    })),
  );
  // A file that could not be loaded has failed, although none of its tests did.
  const broken = report.testResults
    .filter((one) => one.status === 'failed' && one.assertionResults.every(({ status }) => status !== 'failed'))
    .map(({ name, message = '' }) => ({ title: path.relative(ROOT, name), why: shortened(message) }));
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failures: [
      ...tests.filter(({ status }) => status === 'failed').map(({ title, why }) => ({ title, why })),
      ...broken,
    ],
    skipped: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ title }) => title),
  };
}

/** What an error says, and the first place in our own code that it came by. */
function shortened(message: string): string {
  const lines = message.split('\n').map((line) => line.slice(0, CHARACTERS_OF_A_LINE));
  const isPlace = (line: string) => /^\s+at /.test(line);
  const place = lines.find((line) => isPlace(line) && line.includes(ROOT) && !line.includes('node_modules'));
  const said = lines.filter((line) => !isPlace(line) && line.trim() !== '').slice(0, LINES_OF_A_MESSAGE);
  return [
    ...said,
    ...(place === undefined ? [] : [place.replaceAll(`file://${ROOT}/`, '').replaceAll(`${ROOT}/`, '')]),
  ].join('\n');
}

/** Whether a folder of the repository holds any test. */
export function hasTests(folder: string): boolean {
  const place = path.join(ROOT, folder);
  return (
    existsSync(place) &&
    readdirSync(place, { recursive: true, encoding: 'utf8' }).some((file) => /\.test\.tsx?$/.test(file))
  );
}
