import { expect, test } from 'vitest';
import { outwards, Prefetch } from './prefetch.ts';

test('goes outwards from the image under the eye', () => {
  expect(outwards(2, 6)).toEqual([2, 3, 1, 4, 0, 5]);
  expect(outwards(0, 3)).toEqual([0, 1, 2]);
});

/** A loader that finishes when told, and notes what was asked. */
function slowLoader() {
  const asked: number[] = [];
  const finish: (() => void)[] = [];
  const load = (index: number) => {
    asked.push(index);
    return new Promise<void>((resolve) => finish.push(resolve));
  };
  const finishOne = async () => {
    finish.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { asked, load, finishOne };
}

test('asks for a few at a time, follows the eye, and asks for nothing twice', async () => {
  const { asked, load, finishOne } = slowLoader();
  const prefetch = new Prefetch(load, 2);
  prefetch.lookAt(0, 10, 10);
  expect(asked).toEqual([0, 1]);
  prefetch.lookAt(8, 10, 4);
  for (let index = 0; index < 6; index += 1) await finishOne();
  expect(asked).toEqual([0, 1, 8, 9, 7, 6]);
});

test('asks for nothing more once stopped', async () => {
  const { asked, load, finishOne } = slowLoader();
  const prefetch = new Prefetch(load, 1);
  prefetch.lookAt(0, 5, 5);
  prefetch.stop();
  await finishOne();
  expect(asked).toEqual([0]);
});
