import { expect, test } from 'vitest';
import { outwards, Prefetch } from './prefetch.ts';

test('goes outwards from the image under the eye', () => {
  expect(outwards(2, 6)).toEqual([2, 3, 1, 4, 0, 5]);
  expect(outwards(0, 3)).toEqual([0, 1, 2]);
});

test('goes three images on for each one back while the reader scrolls that way, and leaves none out', () => {
  expect(outwards(5, 12, 1)).toEqual([5, 6, 7, 8, 4, 9, 10, 11, 3, 2, 1, 0]);
  expect(outwards(5, 8, -1)).toEqual([5, 4, 3, 2, 6, 1, 0, 7]);
  expect(outwards(0, 0)).toEqual([]);
  expect(outwards(1999, 2000, 1).length).toBe(2000);
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

test('asks again for what lay beyond its budget, for the cache may have let it go', async () => {
  const { asked, load, finishOne } = slowLoader();
  const prefetch = new Prefetch(load, 1);
  const rest = async () => {
    for (let index = 0; index < 4; index += 1) await finishOne();
  };
  prefetch.lookAt(0, 100, 2);
  await rest();
  prefetch.lookAt(50, 100, 2);
  await rest();
  prefetch.lookAt(0, 100, 2);
  await rest();
  expect(asked).toEqual([0, 1, 50, 51, 0, 1]);
});

test('asks for nothing more once stopped', async () => {
  const { asked, load, finishOne } = slowLoader();
  const prefetch = new Prefetch(load, 1);
  prefetch.lookAt(0, 5, 5);
  prefetch.stop();
  await finishOne();
  expect(asked).toEqual([0]);
});
