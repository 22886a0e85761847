import { afterAll, beforeAll, expect, test } from 'vitest';
import { READING_ORDER, type WorklistQuestion } from '../../../shared/contract/worklist.ts';
import type { Permission } from '../../../shared/domain/permissions.ts';
import { createUser, type Principal } from '../access/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { deleteView, listViews, recordTaking, saveView } from './index.ts';

let clinic: Clinic;
let people: Readonly<Record<'ada' | 'bob' | 'far', Principal>>;
beforeAll(() => {
  clinic = openClinic();
  people = {
    ada: person('ada', clinic.north, ['worklist.share']),
    bob: person('bob', clinic.north, []),
    far: person('far', clinic.south, ['worklist.share']),
  };
});
afterAll(() => clinic.close());

function person(username: string, { siteId }: Clinic['north'], permissions: readonly Permission[]): Principal {
  const created = createUser(clinic.db, {
    ...{ username, displayName: username, passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return { userId: created.value, roles: ['radiologist'], permissions, siteId, siteIds: [siteId], sessionKind: 'page' };
}
const QUESTION: WorklistQuestion = { filter: 'critical', narrowed: { modalities: ['CT'] }, sort: READING_ORDER };
const namesOf = (who: Principal) => listViews(clinic.db, who).map(({ name, isOwn }) => [name, isOwn]);
const save = (who: Principal, name: string, isShared = false) =>
  saveView(clinic.db, who, { name, isShared, question: QUESTION }, 5);

test('a view is its owner’s, a shared one everybody’s of the site; only who may share shares, changes and deletes those', () => {
  const { ada, bob, far } = people;
  const own = save(bob, 'Mine');
  const shared = save(ada, 'Night', true);
  if (!own.ok || !shared.ok) throw new Error('not saved');
  expect(shared.value).toMatchObject({ name: 'Night', isShared: true, isOwn: true, question: QUESTION });
  expect([namesOf(bob), namesOf(ada), namesOf(far)]).toEqual([
    [
      ['Mine', true],
      ['Night', false],
    ],
    [['Night', true]],
    [],
  ]);
  const no = (code: string) => ({ ok: false, error: { code } });
  expect(save(bob, 'For all', true)).toMatchObject(no('may-not-share'));
  const change = (who: Principal, viewId: typeof own.value.viewId) =>
    saveView(clinic.db, who, { viewId, name: 'Other', isShared: false, question: QUESTION }, 6);
  expect([
    change(bob, shared.value.viewId),
    change(ada, own.value.viewId),
    change(far, shared.value.viewId),
  ]).toMatchObject([no('may-not-share'), no('view-not-found'), no('view-not-found')]);
  expect(deleteView(clinic.db, bob, shared.value.viewId, 7)).toMatchObject(no('may-not-share'));
  expect(deleteView(clinic.db, ada, own.value.viewId, 7)).toMatchObject(no('view-not-found'));
  expect(deleteView(clinic.db, bob, own.value.viewId, 7)).toMatchObject({ ok: true });
  expect(namesOf(bob)).toEqual([['Night', false]]);
  // Ids alone: what people call their views may say anything.
  expect(clinic.events('worklist-view-saved').map(({ payload }) => payload)).toEqual([
    { viewId: own.value.viewId, isShared: false },
    { viewId: shared.value.viewId, isShared: true },
  ]);
  expect(clinic.events('worklist-view-deleted').map(({ payload }) => payload)).toEqual([{ viewId: own.value.viewId }]);
});

test('a view that no longer reads is left out, and a hundred are enough', () => {
  const { far } = people;
  for (let index = 0; index < 100; index += 1) expect(save(far, `View ${index}`)).toMatchObject({ ok: true });
  expect(save(far, 'One more')).toMatchObject({ ok: false, error: { code: 'too-many-views' } });
  clinic.db.prepare(`UPDATE worklist_views SET question = '{"filter":"of old"}' WHERE name = 'View 7'`).run();
  expect(listViews(clinic.db, far)).toHaveLength(99);
});

test('who takes a list out is on record with how much of what, and nothing of whom', () => {
  recordTaking(clinic.db, people.bob, { form: 'paper', filter: 'critical', rows: 3 }, 9);
  expect(clinic.events('worklist-taken')).toMatchObject([
    { atMs: 9, siteId: clinic.north.siteId, studyId: null, payload: { form: 'paper', filter: 'critical', rows: 3 } },
  ]);
});
