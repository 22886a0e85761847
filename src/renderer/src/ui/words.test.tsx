import { renderHook } from '@testing-library/react';
import { useTranslation } from 'react-i18next';
import { expect, test } from 'vitest';
import { setUpPage } from '../app/test-page.tsx';
import { useWords } from './words.ts';

setUpPage();

const ASKED: readonly (readonly [string | string[], { readonly count: number }?])[] = [
  ['urgency.critical'],
  ['no.such.words'],
  [['no.such.words', 'worklist.title']],
  ['worklist.hits', { count: 1 }],
  ['worklist.hits', { count: 3 }],
];

test('says what translations say, with values and without, the first time and again', () => {
  const both = renderHook(() => ({ words: useWords(), t: useTranslation().t }));
  const { words, t } = both.result.current;
  for (const [key, values] of [...ASKED, ...ASKED]) {
    if (values === undefined) expect(words(key)).toBe(t(key));
    else expect(words(key, values)).toBe(t(key, values));
  }
  expect(words('worklist.hits', { count: 3 })).toBe('3 studies');
  both.rerender();
  expect(both.result.current.words).toBe(words);
});
