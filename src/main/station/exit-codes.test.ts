import { expect, test } from 'vitest';
import { REFUSALS } from './exit-codes.ts';

const refusals = Object.entries(REFUSALS);

test('every refusal has an exit code of its own that no shell or signal uses', () => {
  const codes = refusals.map(([, { exitCode }]) => exitCode);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.filter((code) => code < 2 || code > 63)).toEqual([]);
});

test.each(refusals)('%s says in whole sentences what is wrong', (_code, { text }) => {
  expect(text).toMatch(/^[A-Z].*\.$/);
  expect(text).not.toMatch(/undefined|\$\{|Error/);
});
