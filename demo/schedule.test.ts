import { expect, test } from 'vitest';
import { planArrivals, planPriors } from './schedule.ts';

const first = (count: number, seed = 5) => planArrivals({ seed, everyMs: 30_000 }).take(count).toArray();

test('the same seed plans the same studies', () => {
  expect(first(20)).toEqual(first(20));
});

test('another seed makes other studies of the same hospital', () => {
  const seeds = (seed: number) => first(20, seed).map(({ wish }) => wish.seed);
  expect(seeds(5).filter((one) => seeds(6).includes(one))).toEqual([]);
});

test('the first study comes at once and has a bleed; later ones come every half minute', () => {
  const arrivals = first(12);
  expect(arrivals[0]).toMatchObject({ afterMs: 0, wish: { bleed: { kind: expect.any(String) } } });
  expect(arrivals.slice(6).map(({ afterMs }) => afterMs)).toEqual(Array(6).fill(30_000));
  expect(arrivals.map(({ wish }) => wish.bleed !== null)).toEqual(Array.from({ length: 12 }, (_, n) => n % 4 === 0));
});

test('priors are the same at every start, so that sending them again changes nothing', () => {
  expect(planPriors()).toEqual(planPriors());
  expect(new Set(planPriors().map(({ seed }) => seed)).size).toBe(planPriors().length);
});
