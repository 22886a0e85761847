import { expect, test } from 'vitest';
import { askedWords, foldGroup, nameTexts, soundOf } from './name-matching.ts';

test('a name is found by each of its groups and words, without accents and case', () => {
  expect(nameTexts('Müller^José-María^^^=山田^太郎=')).toEqual({
    groups: ['muller^jose maria', '山田^太郎'],
    words: ['muller', 'jose', 'maria', '山田', '太郎'],
    sounds: [soundOf('muller'), soundOf('maria')].filter((sound, at, all) => sound !== '' && all.indexOf(sound) === at),
  });
  expect(nameTexts('^^')).toEqual({ groups: [], words: [], sounds: [] });
});

test('a pattern keeps its wildcards and its inner spaces', () => {
  expect([foldGroup('DOE^J*', true), foldGroup('de la ?ruz*^', true), foldGroup('D_E', true)]).toEqual([
    'doe^j*',
    'de la ?ruz*',
    'd e',
  ]);
});

test('words are taken apart whatever stands between them', () => {
  expect(askedWords('Jane, DOE^^Dr.*')).toEqual(['jane', 'doe', 'dr']);
});

test.each([
  ['meyer', 'maier'],
  ['schmidt', 'shmit'],
  ['stephen', 'steven'],
  ['catherine', 'katrin'],
  ['philips', 'filips'],
])('%s sounds like %s', (one, other) => {
  expect(soundOf(one)).toBe(soundOf(other));
});

test.each([
  ['smith', 'jones'],
  ['miller', 'bauer'],
  ['anna', 'nina'],
])('%s does not sound like %s', (one, other) => {
  expect(soundOf(one)).not.toBe(soundOf(other));
});

test('what is short or not Latin has no sound', () => {
  expect([soundOf('li'), soundOf('山田'), soundOf('eua')]).toEqual(['', '', '']);
});
