import { expect, test } from 'vitest';
import { AppliesTo } from './model-applies-to.ts';
import { matchesPattern, patternCost } from './pattern-cost.ts';

const refused = (...descriptionPatterns: string[]) =>
  AppliesTo.safeParse({ modalities: ['CT'], descriptionPatterns }).error?.issues.map(({ message }) => message) ?? [];

test.each([
  ['a plain text', 'head', 1],
  ['alternatives add', '\\b(head|brain|skull)\\b', 3],
  ['what follows one another multiplies', '(a|b)(c|d)x?', 8],
  ['a lazy repeat', 'head.*?w', 65],
  ['signs in classes and escapes are no repeats', '[*+?{|]\\*\\+\\p{Lu}\\u{41}', 1],
  ['a counted repeat', 'a{2}b{1,3}', 3],
  ['a repeated group of one way', '(?:ab)+', 65],
  ['a repeated group of several ways', '(?:a|b)*', Infinity],
  ['looking ahead', '(?=.*a)(?<!b)(?<name>c|d)\\k<name>', 130],
])('%s', (_name, pattern, cost) => {
  expect(patternCost(pattern)).toBe(cost);
});

test.each([['a?'.repeat(60) + 'a'.repeat(60)], ['(a|a)'.repeat(33)], ['\\w*'.repeat(8) + '!'], ['(?:(?:a|a)?){30}b']])(
  'a pattern that would keep the station matching for minutes is refused: %s',
  (pattern) => {
    expect(refused(pattern).length).toBeGreaterThan(0);
  },
);

test('many that are dear together are refused, and everyday ones are not', () => {
  expect(refused(...Array.from({ length: 30 }, (_, n) => `a${n}.*b.*c`))).toEqual([
    'regular expressions with fewer repeats, optional parts and alternatives in all',
  ]);
  expect(
    refused('^(ct )?head.*(w/o|without|wo).*contrast', '\\b(angio\\w*|cta|sinus(es)?|orbits?)\\b', '.*brain.*'),
  ).toEqual([]);
});

test('the dearest pattern let through is quick on the longest text', () => {
  const pattern = '\\w*\\w*(a|a)(a|a)!';
  expect(refused(pattern)).toEqual([]);
  const from = performance.now();
  expect(matchesPattern(pattern, 'a'.repeat(100_000))).toBe(false);
  expect(performance.now() - from).toBeLessThan(5000);
});
