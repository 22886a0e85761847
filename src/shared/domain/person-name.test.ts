import { expect, test } from 'vitest';
import { familyBirthKey, nameKey, searchable } from './person-name.ts';

test.each([
  ['MÜLLER^Anna', 'Mueller^Anna', false],
  ['Müller^Anna', 'MULLER^ANTON', true],
  ["O'Brien^Sean", 'OBRIEN^S', true],
  ['Yamada^Tarou=山田^太郎', 'YAMADA^TAROU', true],
  ['Smith^John', 'Smith^Mary', false],
])('%s and %s meet: %s', (a, b, meet) => {
  expect(nameKey(a) === nameKey(b)).toBe(meet);
});

test('a name without letters meets nobody', () => {
  expect(nameKey('^^^')).toBe('');
});

test('search text folds accents, case and punctuation', () => {
  expect(searchable('Özdemir^Ayşe  CT-Head/1')).toBe('ozdemir ayse ct head 1');
});

test('twins meet by family name and birth date, whatever they are called', () => {
  expect(familyBirthKey('Müller^Ada', '19580312')).toBe(familyBirthKey('MULLER^IDA', '19580312'));
  expect(familyBirthKey('Müller^Ada', null)).toBe('');
});
