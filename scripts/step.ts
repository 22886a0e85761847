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
        const counts = existsSync(report) ? readCounts(report) : { passed: 0, failed: 0, skipped: [] };
        const ranNothing = counts.passed + counts.failed === 0 && folders.some(hasTests);
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

/** Prints what was left out, the total, and as the last line 'N passed, N failed'; gives the exit code. */
export function conclude(outcomes: readonly Outcome[], startedMs: number): number {
  const skipped = outcomes.flatMap(({ counts }) => counts?.skipped ?? []);
  for (const name of skipped) console.log(`skipped  ${name}`);
  const passed = outcomes.reduce((sum, { counts }) => sum + (counts?.passed ?? 0), 0);
  // A step that failed without a failing test (types, lint, a crash) counts as one, so that the line never hides it.
  const failed = outcomes.reduce(
    (sum, outcome) => sum + Math.max(outcome.counts?.failed ?? 0, outcome.passed ? 0 : 1),
    0,
  );
  console.log(`${outcomes.length} steps in ${secondsSince(startedMs).toFixed(1)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function printOutcome({ name, passed, seconds, output, counts }: Outcome): void {
  const skipped = counts !== null && counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : '';
  const tests = counts === null ? '' : `  ${counts.passed} passed, ${counts.failed} failed${skipped}`;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(13)} ${seconds.toFixed(1).padStart(6)} s${tests}`);
  if (!passed) console.log(output.trimEnd());
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
