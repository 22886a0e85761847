import fc from 'fast-check';
import { expect, test } from 'vitest';
import { curveOf, type LoggedStudy, replayList } from './replay-list.ts';

const MINUTE_MS = 60_000;
const BOUNDS = { routineShare: 0.75, urgentMinutes: 120 };
const study = (studyId: string, came: number, opened: number | null, asks: LoggedStudy['asks'] = []): LoggedStudy => ({
  ...{ studyId, asks, countsFromMs: came * MINUTE_MS, openedAtMs: opened === null ? null : opened * MINUTE_MS },
  dueAtMs: {
    critical: (came + 15) * MINUTE_MS,
    urgent: (came + 30) * MINUTE_MS,
    routine: (came + 1000) * MINUTE_MS,
  },
});
const ask = (
  minute: number,
  cause: LoggedStudy['asks'][number]['cause'],
  level: 'critical' | 'urgent' | 'routine',
  source: string | null = null,
) => ({ atMs: minute * MINUTE_MS, cause, level, source });
const minutes = (waits: ReadonlyMap<string, number>) =>
  Object.fromEntries([...waits].map(([id, ms]) => [id, ms / MINUTE_MS]));
const everything = () => true;
const withoutAi = ({ cause }: { readonly cause: string }) => cause !== 'ai';

test('without the flag the study that came first is read first, and the flagged one waits as long as any', () => {
  const log = [study('a', 0, 20), study('b', 5, 10, [ask(6, 'ai', 'critical')])];
  expect(minutes(replayList(log, BOUNDS, everything))).toEqual({ b: 5, a: 20 });
  expect(minutes(replayList(log, BOUNDS, withoutAi))).toEqual({ a: 10, b: 15 });
});

test('a flag counts from when it came, a person’s word unseats it, and what a radiologist lowered no machine raises', () => {
  const late = [study('a', 0, 8), study('b', 5, 20, [ask(9, 'ai', 'critical')])];
  expect(minutes(replayList(late, BOUNDS, everything))).toEqual({ a: 8, b: 15 });
  const lowered = [ask(6, 'ai', 'critical'), ask(7, 'person', 'routine'), ask(8, 'ai', 'critical')];
  expect(minutes(replayList([study('a', 0, 10), study('b', 5, 20, lowered)], BOUNDS, everything))).toEqual({
    a: 10,
    b: 15,
  });
});

test('what has waited to its limit is read before what came later and was raised', () => {
  const log = [study('old', 0, 800), study('new', 790, 801, [ask(790, 'rule', 'urgent')])];
  expect(minutes(replayList(log, BOUNDS, everything))).toEqual({ old: 800, new: 11 });
});

test('over any log every opening takes one study that had come, whatever is left out', () => {
  const anAsk = fc.record({
    atMs: fc.integer({ min: 0, max: 3000 }).map((minute) => minute * MINUTE_MS),
    cause: fc.constantFrom('ai' as const, 'rule' as const, 'person' as const),
    level: fc.constantFrom('critical' as const, 'urgent' as const, 'routine' as const),
    source: fc.constant(null),
  });
  const one = fc.record({
    came: fc.integer({ min: 0, max: 2000 }),
    wait: fc.option(fc.integer({ min: 0, max: 900 })),
    asks: fc.array(anAsk, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 25 }), (all) => {
      const log = all.map(({ came, wait, asks }, at) => study(`${at}`, came, wait === null ? null : came + wait, asks));
      const opened = log.filter(({ openedAtMs }) => openedAtMs !== null).length;
      for (const heard of [everything, withoutAi]) {
        const waits = replayList(log, BOUNDS, heard);
        expect(waits.size).toBe(opened);
        expect([...waits.values()].every((ms) => ms >= 0)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test('a curve runs from the shortest to the longest', () => {
  expect(curveOf([])).toEqual([]);
  const curve = curveOf([30, 10, 20]);
  expect([curve.length, curve[0], curve[10], curve[20]]).toEqual([21, 10, 20, 30]);
});
