import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

type Hazard = { readonly name: string; readonly tests: readonly string[] };

/** The rows of the table of hazards, with the tests that each names as proof. */
function hazardsIn(text: string): readonly Hazard[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| **'))
    .map((line) => ({
      name: /^\| \*\*(.*?)\*\*/.exec(line)?.[1] ?? '',
      tests: [...(line.split(' | ').at(-1) ?? '').matchAll(/`([^`]+\.test\.tsx?)`/g)].map(([, file = '']) => file),
    }));
}

/** Hazards without a test, and tests that are not there. */
function unproved(hazards: readonly Hazard[], files: readonly string[]): readonly string[] {
  return hazards.flatMap(({ name, tests }) => [
    ...(tests.length === 0 ? [`${name}: names no test`] : []),
    ...tests
      .filter((named) => !files.some((file) => file === named || file.endsWith(`/${named}`)))
      .map((named) => `${name}: ${named} is not there`),
  ]);
}

test('every hazard names a test that proves what stands against it, and that is there', () => {
  const hazards = hazardsIn(readFileSync(path.join(root, 'docs/hazards.md'), 'utf8'));
  const files = globSync('{src,test,demo,scripts}/**/*.test.{ts,tsx}', { cwd: root });
  expect(hazards.length).toBeGreaterThan(30);
  expect(unproved(hazards, files)).toEqual([]);
});

test('a hazard without a test, and a test that is gone, are noticed', () => {
  const table = '| **Fire** | Water | Later |\n| **Flood** | Dykes | `test/dykes.test.ts`, `gone.test.ts` |';
  expect(unproved(hazardsIn(table), ['test/dykes.test.ts'])).toEqual([
    'Fire: names no test',
    'Flood: gone.test.ts is not there',
  ]);
});
