import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { conclude, functionStep, type Outcome, runLanes } from './step.ts';

let printed: string[] = [];

beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});

afterEach(() => vi.restoreAllMocks());

const outcome = (given: Partial<Outcome>): Outcome => ({
  name: 'step',
  passed: true,
  seconds: 1,
  output: '',
  counts: null,
  ...given,
});

test('sums the tests, names what was skipped, and ends with the plain line', () => {
  const unit = outcome({ counts: { passed: 5, failed: 0, skipped: ['needs data'] } });
  expect(conclude([outcome({}), unit, outcome({ counts: { passed: 2, failed: 0, skipped: [] } })], 0)).toBe(0);
  expect(printed[0]).toBe('skipped  needs data');
  expect(printed.at(-1)).toBe('7 passed, 0 failed');
});

test('counts a step that failed without a failing test as one failure', () => {
  const crashed = outcome({ passed: false, counts: { passed: 3, failed: 0, skipped: [] } });
  const failing = outcome({ passed: false, counts: { passed: 1, failed: 2, skipped: [] } });
  expect(conclude([outcome({ passed: false }), crashed, failing], 0)).toBe(1);
  expect(printed.at(-1)).toBe('4 passed, 4 failed');
});

test('runs the lanes side by side and the steps of a lane one after the other, and shows what a failing one said', async () => {
  const order: string[] = [];
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const outcomes = await runLanes([
    [functionStep('waits', () => gate), functionStep('then', async () => void order.push('then'))],
    [
      functionStep('frees', async () => {
        order.push('frees');
        release();
      }),
      functionStep('breaks', () => Promise.reject(new Error('broken on purpose'))),
    ],
  ]);
  expect(order).toEqual(['frees', 'then']);
  expect(outcomes.map(({ name, passed }) => [name, passed])).toEqual([
    ['waits', true],
    ['then', true],
    ['frees', true],
    ['breaks', false],
  ]);
  expect(printed.join('\n')).toMatch(/^FAILED breaks .*\nError: broken on purpose/m);
});
