import { expect, test } from 'vitest';
import { STUDY_KINDS } from './make-study.ts';
import { personOf } from './more-people.ts';
import { planArrivals, planHistory, planPriors } from './schedule.ts';

const first = (count: number, seed = 5) => planArrivals({ seed, everyMs: 30_000 }).take(count).toArray();
const NOW = Date.UTC(2026, 10, 22, 13, 5);

test('the same seed plans the same studies', () => {
  expect(first(20)).toEqual(first(20));
});

test('another seed makes other studies of the same hospital', () => {
  const seeds = (seed: number) => first(20, seed).map(({ study }) => study.wish.seed);
  expect(seeds(5).filter((one) => seeds(6).includes(one))).toEqual([]);
});

test('the first study comes at once and has a bleed; later ones come every half minute', () => {
  const arrivals = first(12);
  expect(arrivals[0]).toMatchObject({
    afterMs: 0,
    study: { kind: 'head-ct', bleed: { kind: expect.any(String) }, withThinBone: false },
  });
  expect(arrivals.slice(6).map(({ afterMs }) => afterMs)).toEqual(Array(6).fill(30_000));
});

test('a newcomer soon sees a chest CT whose prior has the same nodule smaller', () => {
  const [pair] = first(6).filter(({ prior }) => prior !== null);
  expect(pair?.study).toMatchObject({ kind: 'chest-ct', nodule: { diameterMm: 13.5 } });
  expect(pair?.prior?.study).toMatchObject({ kind: 'chest-ct', visit: 1, nodule: { diameterMm: 9.5 } });
  expect(pair?.prior?.study.wish.person).toEqual(pair?.study.wish.person);
  expect(pair?.prior?.study.nodule?.atMm).toEqual(pair?.study.nodule?.atMm);
});

test('all kinds of studies come, and findings among them, without end', () => {
  const arrivals = first(400).map(({ study }) => study);
  for (const kind of STUDY_KINDS) expect(arrivals.filter((study) => study.kind === kind).length).toBeGreaterThan(1);
  const heads = arrivals.filter(({ kind }) => kind === 'head-ct');
  const bleeding = heads.filter(({ bleed }) => bleed !== null).length / heads.length;
  expect(bleeding).toBeGreaterThan(0.1);
  expect(bleeding).toBeLessThan(0.45);
});

test('the morning before is the same however often it is planned, lies behind, and has nobody twice under one name and number', () => {
  const plan = (nowMs: number) => [...planHistory({ nowMs, studies: 300 })];
  const history = plan(NOW);
  expect(history).toHaveLength(300);
  expect(plan(NOW + 3_600_000)).toEqual(history);
  const times = history.map(({ wish }) => wish.atMs);
  expect(times.toSorted((one, other) => one - other)).toEqual(times);
  expect(Math.max(...times)).toBeLessThan(NOW);
  expect(Math.min(...times)).toBeGreaterThan(NOW - 13 * 3_600_000);
  expect(new Set(history.map(({ wish }) => wish.seed)).size).toBe(300);
  expect(history.some(({ wish }) => wish.characterSet?.includes('GB18030' as never))).toBe(true);
  expect(history.every(({ size }) => size === 'small')).toBe(true);
});

test('a few of a morning have namesakes, most have not', () => {
  const people = new Map(
    [...planHistory({ nowMs: NOW, studies: 300 })].map(({ wish }) => [wish.person.mrn, wish.person]),
  );
  const initialed = ({ name }: { readonly name: string }) =>
    name
      .split('^', 2)
      .map((part, at) => part.slice(0, at ? 1 : 64))
      .join();
  const alike = Map.groupBy(people.values(), initialed);
  const namesakes = [...alike.values()].filter(({ length }) => length > 1).flat();
  expect(namesakes.length / people.size).toBeGreaterThan(0);
  expect(namesakes.length / people.size).toBeLessThan(0.2);
});

test('no two people share a record number', () => {
  const numbers = Array.from({ length: 900 }, (_, number) => personOf(number).mrn);
  expect(new Set(numbers).size).toBe(900);
});

test('priors are the same at every start, so that sending them again changes nothing', () => {
  expect(planPriors()).toEqual(planPriors());
  expect(new Set(planPriors().map(({ study }) => study.wish.seed)).size).toBe(planPriors().length);
  expect(new Set(planPriors().map(({ isSent }) => isSent))).toEqual(new Set([true, false]));
});
