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
  const unit = outcome({ counts: { passed: 5, failures: [], skipped: ['needs data'] } });
  expect(conclude([outcome({}), unit, outcome({ counts: { passed: 2, failures: [], skipped: [] } })], 0)).toBe(0);
  expect(printed[0]).toBe('skipped  needs data');
  expect(printed.at(-1)).toBe('7 passed, 0 failed');
});

test('counts a step that failed without a failing test as one failure', () => {
  const crashed = outcome({ passed: false, counts: { passed: 3, failures: [], skipped: [] } });
  const failures = [
    { title: 'one.test.ts: does this', why: 'Error: one' },
    { title: 'two.test.ts: does that', why: 'Error: two' },
  ];
  const failing = outcome({ passed: false, counts: { passed: 1, failures, skipped: [] } });
  expect(conclude([outcome({ name: 'lint', passed: false }), crashed, failing], 0)).toBe(1);
  expect(printed.slice(0, 4)).toEqual([
    ...['failed   lint, see above', 'failed   step, see above'],
    ...['failed   one.test.ts: does this', 'failed   two.test.ts: does that'],
  ]);
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
  expect(printed.join('\n')).toMatch(/^FAILED breaks .*\n +Error: broken on purpose/m);
});

test('says right behind the line of a failed step which tests failed, then why, and nothing of what was printed', async () => {
  const why = 'AssertionError: expected 1 to be 2';
  const failures = [1, 2].map((n) => ({ title: `a.test.ts: case ${n}`, why }));
  const output = 'dots and noise';
  const failed = outcome({ name: 'unit', passed: false, output, counts: { passed: 7, failures, skipped: [] } });
  await runLanes([[{ name: 'unit', run: async () => failed }]]);
  expect(printed).toEqual([
    'FAILED unit             1.0 s  7 passed, 2 failed',
    ...['  a.test.ts: case 1', '  a.test.ts: case 2'],
    ...[1, 2].map((n) => `  -- a.test.ts: case ${n}\n     ${why}`),
  ]);
});

test('shows the end of what a tool printed at length', async () => {
  const output = Array.from({ length: 200 }, (_, index) => `line ${index}`).join('\n');
  await runLanes([[{ name: 'lint', run: async () => outcome({ passed: false, output }) }]]);
  expect(printed[1]).toMatch(/^ +\(140 lines before\)\n +line 140\n/);
  expect(printed[1]).toMatch(/line 199$/);
});
