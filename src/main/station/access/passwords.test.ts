import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { hashPassword, NO_PASSWORD, passwordFits } from './passwords.ts';

test('a password fits its own hash, and nothing fits where there is none', async () => {
  const stored = await hashPassword('right');
  const guesses: readonly [string | null, string][] = [
    [stored, 'right'],
    [stored, 'wrong'],
    [NO_PASSWORD, NO_PASSWORD],
    [null, 'right'],
  ];
  expect(await Promise.all(guesses.map(([hash, guess]) => passwordFits(hash, guess)))).toEqual([
    ...[true, false, false, false],
  ]);
});

test('a crowd of guesses leaves the threads that files need', async () => {
  // An object on its way in waited 77 s behind 400 wrong passwords: both are worked on by the same four threads.
  const stored = await hashPassword('right');
  let answered = 0;
  const guesses = Array.from({ length: 12 }, () => passwordFits(stored, 'wrong').then(() => (answered += 1)));
  await stat(import.meta.filename);
  expect(answered).toBeLessThan(6); // behind them on the same threads it would be answered after at least nine
  await Promise.all(guesses);
});
