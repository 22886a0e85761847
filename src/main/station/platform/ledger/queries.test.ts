import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf } from '../store/test-plan.ts';
import { inTransaction } from '../store/transaction.ts';
import { appendEvent } from './append.ts';
import { serviceActor } from './event.ts';
import { LIST_EVENTS_AFTER } from './follow.ts';
import { LIST_EVENTS, listEvents, NARROWINGS } from './queries.ts';
import { appendNumbered, openTestLedger, type TestLedger } from './test-ledger.ts';

let ledger: TestLedger;
beforeEach(() => {
  ledger = openTestLedger();
});
afterEach(() => ledger.close());

test.each([
  ['followers', LIST_EVENTS_AFTER, /e USING INTEGER PRIMARY KEY \(rowid>\?\)/],
  ['the audit', LIST_EVENTS(''), /e USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  ['the audit of a study', LIST_EVENTS(NARROWINGS.studyId), /e USING INDEX events_by_study \(study_id=\? AND seq<\?\)/],
  ['the audit of a kind', LIST_EVENTS(NARROWINGS.kind), /e USING INDEX events_by_kind \(kind=\? AND seq<\?\)/],
  ['the audit of the common kind', LIST_EVENTS(NARROWINGS.commonKind), /e USING INTEGER PRIMARY KEY \(rowid<\?\)/],
  [
    'the audit of an actor',
    LIST_EVENTS(NARROWINGS.actorId),
    /e USING INDEX events_by_actor \(actor_id=\? AND seq<\?\)/,
  ],
])('%s: walks an index and sorts nothing', (_who, sql, index) => {
  const plan = planOf(ledger.db, sql);
  expect(plan[0]).toMatch(index);
  expect(plan.join(' ')).not.toContain('TEMP B-TREE');
});

test('gives a site its own events and the station’s, newest first, in windows without gap or overlap', () => {
  for (let number = 1; number <= 9; number += 1)
    appendNumbered(ledger.db, number, [null, 'north', 'south'][number % 3]);
  const window = (before?: number) =>
    listEvents(ledger.db, { siteId: 'north', limit: 4, before }).map(({ event }) => [event.seq, event.siteId]);
  expect(window()).toEqual([
    [9, null],
    [7, 'north'],
    [6, null],
    [4, 'north'],
  ]);
  expect(window(4)).toEqual([
    [3, null],
    [1, 'north'],
  ]);
});

test('narrows by study, kind and actor, all at once where asked', () => {
  const append = (studyId: string, actor: string) =>
    inTransaction(ledger.db, () =>
      appendEvent(ledger.db, {
        ...{ kind: 'study-read', payload: { surface: 'x' }, siteId: 'north', studyId, actor: serviceActor(actor) },
        ...{ correlationId: 'c', atMs: 0 },
      }),
    );
  append('s1', 'a');
  append('s1', 'b');
  append('s2', 'a');
  appendNumbered(ledger.db, 4, 'north');
  inTransaction(ledger.db, () =>
    appendEvent(ledger.db, {
      kind: 'instance-received',
      payload: { instanceId: 'i', seriesId: 'x', digest: 'd', outcome: 'new', intent: 'new', revision: 1 },
      ...{ siteId: 'north', studyId: 's1', actor: serviceActor('a'), correlationId: 'c', atMs: 0 },
    }),
  );
  const seqs = (query: object) =>
    listEvents(ledger.db, { siteId: 'north', limit: 9, ...query }).map(({ event }) => event.seq);
  expect(seqs({ studyId: 's1' })).toEqual([5, 2, 1]);
  expect(seqs({ kind: 'study-read' })).toEqual([3, 2, 1]);
  expect(seqs({ kind: 'instance-received' })).toEqual([5]);
  expect(seqs({ kind: 'instance-received', studyId: 's2' })).toEqual([]);
  expect(seqs({ actorId: 'a' })).toEqual([5, 3, 1]);
  expect(seqs({ studyId: 's1', kind: 'study-read', actorId: 'b' })).toEqual([2]);
  expect(listEvents(ledger.db, { siteId: 'south', limit: 9 })).toEqual([]);
});
