import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from './run-command.ts';
import { hasTests, readCounts, type TestCounts } from './test-counts.ts';

/** What became of a step; `output` is everything it printed. */
export type Outcome = {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
  readonly counts: TestCounts | null;
};

/** One thing to check, which runs when called. */
export type Step = { readonly name: string; readonly run: () => Promise<Outcome> };

/** So many failing tests are explained, the others named; so many lines of a tool are shown. */
const MOST_EXPLAINED = 12;
const MOST_LINES = 60;

/** A step that passes when a package's command exits with 0. */
export function commandStep(name: string, command: string, args: readonly string[]): Step {
  return {
    name,
    run: async () => {
      const startedMs = performance.now();
      const { exitCode, output } = await runCommand(command, args);
      return { name, passed: exitCode === 0, seconds: secondsSince(startedMs), output, counts: null };
    },
  };
}

/** A step that runs tests of one vitest project: it passes when none fails and, where `folders` hold any, at least one ran. */
export function testStep(name: string, project: string, folders: readonly string[]): Step {
  return {
    name,
    run: async () => {
      const startedMs = performance.now();
      const folder = mkdtempSync(path.join(tmpdir(), 'wetread-tests-'));
      const report = path.join(folder, 'report.json');
      try {
        const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`, '--passWithNoTests'];
        const { exitCode, output } = await runCommand('vitest', ['run', '--project', project, ...reporters]);
        const counts = existsSync(report) ? readCounts(report) : { passed: 0, failures: [], skipped: [] };
        const ranNothing = counts.passed + counts.failures.length === 0 && folders.some(hasTests);
        const why = ranNothing ? `${output}\nThere are tests, and none of them ran.` : output;
        return { name, passed: exitCode === 0 && !ranNothing, seconds: secondsSince(startedMs), output: why, counts };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** A step made of our own code, which passes unless it throws. */
export function functionStep(name: string, work: () => Promise<void>): Step {
  return {
    name,
    run: async () => {
      const startedMs = performance.now();
      try {
        await work();
        return { name, passed: true, seconds: secondsSince(startedMs), output: '', counts: null };
      } catch (error) {
        const output = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return { name, passed: false, seconds: secondsSince(startedMs), output, counts: null };
      }
    },
  };
}

/** Runs the lanes side by side, the steps of each one after the other, and prints a line for each step as it ends. */
export async function runLanes(lanes: readonly (readonly Step[])[]): Promise<readonly Outcome[]> {
  const outcomes = await Promise.all(
    lanes.map(async (steps) => {
      const ended: Outcome[] = [];
      for (const step of steps) {
        const outcome = await step.run();
        printOutcome(outcome);
        ended.push(outcome);
      }
      return ended;
    }),
  );
  return outcomes.flat();
}

/** Prints what was left out and, by name, what failed, the total, and as the last line 'N passed, N failed'; gives the exit code. */
export function conclude(outcomes: readonly Outcome[], startedMs: number): number {
  const skipped = outcomes.flatMap(({ counts }) => counts?.skipped ?? []);
  for (const name of skipped) console.log(`skipped  ${name}`);
  const failed = outcomes.flatMap(failuresOf);
  for (const title of failed) console.log(`failed   ${title}`);
  const passed = outcomes.reduce((sum, { counts }) => sum + (counts?.passed ?? 0), 0);
  console.log(`${outcomes.length} steps in ${secondsSince(startedMs).toFixed(1)} s`);
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

/** A step that failed without a failing test (types, lint, a crash) counts as one, so that the total never hides it. */
function failuresOf({ name, passed, counts }: Outcome): readonly string[] {
  const titles = counts?.failures.map(({ title }) => title) ?? [];
  return titles.length > 0 || passed ? titles : [`${name}, see above`];
}

/** A line of how it went and, where a step failed, briefly what and why: whoever reads on in a log that is cut has it first. */
function printOutcome({ name, passed, seconds, output, counts }: Outcome): void {
  const skipped = counts !== null && counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : '';
  const tests = counts === null ? '' : `  ${counts.passed} passed, ${counts.failures.length} failed${skipped}`;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(13)} ${seconds.toFixed(1).padStart(6)} s${tests}`);
  const failures = counts?.failures ?? [];
  for (const { title } of failures) console.log(`  ${title}`);
  for (const { title, why } of failures.slice(0, MOST_EXPLAINED)) console.log(`  -- ${title}\n${indented(why)}`);
  if (!passed && failures.length === 0) console.log(indented(lastOf(output)));
}

const indented = (text: string) => text.replaceAll(/^/gm, '     ');

/** Where no test says why: what was printed, and of much the end of it, where tools say what went wrong. */
function lastOf(output: string): string {
  const lines = output.trimEnd().split('\n');
  const left = lines.length - MOST_LINES;
  return left > 0 ? [`(${left} lines before)`, ...lines.slice(left)].join('\n') : lines.join('\n');
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
