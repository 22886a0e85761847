import fc from 'fast-check';
import { expect, test } from 'vitest';
import { URGENCY_LEVELS } from '../../../../shared/domain/urgency.ts';
import { type RoutableReader, type RoutableStudy, routeStudies, SLACK_MINUTES } from './route-studies.ts';

const NOW_MS = 1_000_000_000;
const aStudy = (over: Partial<RoutableStudy> = {}): RoutableStudy => ({
  ...{
    studyId: 's1',
    level: 'routine',
    groupId: null,
    needs: [],
    kind: null,
    points: 2,
    openByAtMs: null,
    dueAtMs: null,
  },
  ...{ pin: null, previous: null, passed: [] },
  ...over,
});
const aReader = (over: Partial<RoutableReader> = {}): RoutableReader => ({
  ...{
    readerId: 'anna',
    isGuest: false,
    groups: ['neuro'],
    skills: [],
    isHere: true,
    isSeen: true,
    minutesPerPoint: 2,
    busyMinutes: 0,
  },
  ...over,
});
const TO_ANNA = { readerId: 'anna', isTaken: false };
const ben = aReader({ readerId: 'ben', groups: ['chest'] });
const route = (
  studies: readonly RoutableStudy[],
  readers: readonly RoutableReader[],
  batch = 1,
  mode: 'suggest' | 'assign' | 'off' = 'suggest',
) => routeStudies(studies, readers, { mode, batch, nowMs: NOW_MS }).map(({ to, reason }) => [to, reason.code]);

test.each<[string, Partial<RoutableStudy>, readonly RoutableReader[], readonly [string | null, string]]>([
  ['goes to its group', { groupId: 'chest' }, [aReader(), ben], ['ben', 'route-least-to-read']],
  [
    'a routine one of a group nobody of which is here is its group’s',
    { groupId: 'neuro' },
    [aReader({ isHere: false }), ben],
    [null, 'route-nobody-here'],
  ],
  [
    'an urgent one goes to free hands of another group',
    { groupId: 'neuro', level: 'urgent' },
    [aReader({ isHere: false }), ben],
    ['ben', 'route-group-not-here'],
  ],
  [
    'nothing goes to one without the skill',
    { needs: ['child'], level: 'critical' },
    [aReader(), ben],
    [null, 'route-nobody-skilled'],
  ],
  [
    'goes to the one with the skill',
    { needs: ['child'] },
    [aReader(), aReader({ readerId: 'cleo', skills: ['child'] })],
    ['cleo', 'route-least-to-read'],
  ],
  [
    'a critical one goes to who is free soonest',
    { level: 'critical' },
    [aReader({ busyMinutes: 30 }), ben],
    ['ben', 'route-free-soonest'],
  ],
  [
    'a critical one leaves whom it was for where another is free sooner',
    { level: 'critical', previous: 'anna' },
    [aReader({ busyMinutes: 3 }), ben],
    ['ben', 'route-free-soonest'],
  ],
  [
    'a routine one stays with whom it was for within the slack',
    { previous: 'anna' },
    [aReader({ busyMinutes: 29 }), ben],
    ['anna', 'route-least-to-read'],
  ],
  [
    'past the time by which it was to be opened it is everybody’s',
    { level: 'urgent', openByAtMs: NOW_MS },
    [aReader()],
    [null, 'route-past-open-by'],
  ],
  ['is not offered again to who let it wait', { passed: ['anna'] }, [aReader(), ben], ['ben', 'route-least-to-read']],
  ['is everybody’s once all let it wait', { passed: ['anna', 'ben'] }, [aReader(), ben], [null, 'route-nobody-opened']],
  [
    'a person’s word goes before all',
    { pin: TO_ANNA, groupId: 'chest' },
    [aReader({ busyMinutes: 99 }), ben],
    ['anna', 'route-pinned'],
  ],
  [
    'a routine one stays with whom a person set it to who is not here',
    { pin: TO_ANNA },
    [aReader({ isHere: false }), ben],
    ['anna', 'route-pinned'],
  ],
  [
    'a critical one does not',
    { pin: TO_ANNA, level: 'critical' },
    [aReader({ isHere: false }), ben],
    ['ben', 'route-free-soonest'],
  ],
  [
    'a critical one that they took off shift stays with them',
    { pin: { ...TO_ANNA, isTaken: true }, level: 'critical' },
    [aReader({ isHere: false }), ben],
    ['anna', 'route-taken'],
  ],
  [
    'a critical one that they took and left is another’s',
    { pin: { ...TO_ANNA, isTaken: true }, level: 'critical' },
    [aReader({ isHere: false, isSeen: false }), ben],
    ['ben', 'route-free-soonest'],
  ],
  [
    'a guest is offered nothing but what a person set',
    {},
    [aReader({ isGuest: true })],
    [null, 'route-nobody-skilled'],
  ],
])('%s', (_, study, readers, expected) => {
  expect(route([aStudy(study)], readers)).toEqual([expected]);
});

test('what is assigned stays, but a Critical goes on to whoever is free sooner', () => {
  const busy = [aReader({ busyMinutes: 90 }), ben];
  const of = (level: 'critical' | 'routine') => route([aStudy({ previous: 'anna', level })], busy, 1, 'assign')[0]?.[0];
  expect([of('routine'), of('critical')]).toEqual(['anna', 'ben']);
});

test('where routing is off, only what people set is said', () => {
  expect(route([aStudy(), aStudy({ pin: TO_ANNA })], [aReader()], 1, 'off')).toEqual([
    [null, 'route-pin-waits'],
    ['anna', 'route-pinned'],
  ]);
});

test('routine follow-ups of a kind go to one reader, so many, and none that would be late there', () => {
  const chest = (dueAtMs: number | null = null) => aStudy({ kind: 'CT CHEST', dueAtMs });
  const readers = [aReader(), ben, aReader({ readerId: 'cleo' })];
  const to = (studies: readonly RoutableStudy[]) => route(studies, readers, 3).map(([reader]) => reader);
  expect(to([chest(), chest(), chest(), chest()])).toEqual(['anna', 'anna', 'anna', 'ben']);
  expect(to([chest(), chest(NOW_MS + 5 * 60_000)])).toEqual(['anna', 'ben']);
});

const ids = ['a', 'b', 'c', 'd', 'e'];
const studies = fc.array(
  fc.record({
    level: fc.constantFrom(...URGENCY_LEVELS),
    groupId: fc.constantFrom(null, 'neuro', 'chest'),
    needs: fc.constantFrom<readonly string[]>([], ['child']),
    kind: fc.constantFrom(null, 'CT CHEST'),
    points: fc.integer({ min: 1, max: 35 }),
    openByAtMs: fc.option(fc.integer({ min: NOW_MS - 100_000, max: NOW_MS + 10_000_000 })),
    pin: fc.option(fc.record({ readerId: fc.constantFrom(...ids), isTaken: fc.boolean() })),
    previous: fc.option(fc.constantFrom(...ids)),
    passed: fc.subarray(ids),
  }),
  { maxLength: 60 },
);
const readersOf = fc.uniqueArray(
  fc.record({
    readerId: fc.constantFrom(...ids),
    isGuest: fc.boolean(),
    groups: fc.subarray(['neuro', 'chest']),
    skills: fc.subarray(['child']),
    isHere: fc.boolean(),
    isSeen: fc.boolean(),
    minutesPerPoint: fc.double({ min: 0.2, max: 5, noNaN: true }),
    busyMinutes: fc.double({ min: 0, max: 60, noNaN: true }),
  }),
  { selector: ({ readerId }) => readerId },
);
const inOrder = (asked: readonly Omit<RoutableStudy, 'studyId' | 'dueAtMs'>[]): RoutableStudy[] =>
  asked
    .map((study, at) => ({ ...study, studyId: `s${at}`, dueAtMs: study.openByAtMs }))
    .toSorted((a, b) => URGENCY_LEVELS.indexOf(a.level) - URGENCY_LEVELS.indexOf(b.level));

test('every study is offered to somebody, and nothing urgent sits with one who is not here, cannot read it or let it wait', () => {
  fc.assert(
    fc.property(
      studies,
      readersOf,
      fc.constantFrom('suggest' as const, 'assign' as const),
      fc.integer({ min: 1, max: 6 }),
      (asked, readers, mode, batch) => {
        const all = inOrder(asked);
        const routes = routeStudies(all, readers, { mode, batch, nowMs: NOW_MS });
        expect(routes.map(({ studyId }) => studyId)).toEqual(all.map(({ studyId }) => studyId));
        for (const [at, { to, isPinned, reason }] of routes.entries()) {
          const study = all[at];
          if (study === undefined) throw new Error('a route of nothing');
          // Null is everybody's; the reason says why.
          if (to === null) {
            expect(reason.code).toMatch(/^route-(nobody|past)/);
            continue;
          }
          const reader = readers.find(({ readerId }) => readerId === to);
          if (isPinned && study.level === 'routine') continue;
          // Who took it off shift is here.
          expect(study.pin?.isTaken === true && isPinned ? reader?.isSeen : reader?.isHere).toBe(true);
          expect(study.passed).not.toContain(to);
          if (isPinned) continue;
          expect(study.needs.every((need) => reader?.skills.includes(need))).toBe(true);
          expect(study.openByAtMs === null || study.openByAtMs > NOW_MS).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('readers of the same studies are apart by the slack and one study at most, whatever came in which order and was whose', () => {
  const alike = fc.record({
    level: fc.constantFrom(...URGENCY_LEVELS),
    points: fc.integer({ min: 1, max: 35 }),
    previous: fc.option(fc.constantFrom(...ids)),
    kind: fc.constantFrom(null, 'CT CHEST'),
  });
  fc.assert(
    fc.property(
      fc.array(alike, { maxLength: 80 }),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 6 }),
      (asked, count, batch) => {
        const readers = ids.slice(0, count).map((readerId) => aReader({ readerId }));
        const all = inOrder(asked.map((study) => ({ ...aStudy(), ...study })));
        const routes = routeStudies(all, readers, { mode: 'suggest', batch, nowMs: NOW_MS });
        const minutesOf = (readerId: string) =>
          routes.reduce((sum, { to }, at) => sum + (to === readerId ? (all[at]?.points ?? 0) * 2 : 0), 0);
        const loads = readers.map(({ readerId }) => minutesOf(readerId));
        const longest = Math.max(0, ...all.map(({ points }) => points * 2));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(SLACK_MINUTES.routine + longest);
      },
    ),
    { numRuns: 200 },
  );
});
