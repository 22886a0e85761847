import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditWindow } from '../../../shared/contract/audit.ts';
import { TimelineEntry } from '../../../shared/contract/studies.ts';
import { createUser } from '../access/index.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { openStudy } from '../reading/index.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { listAuditEvents, listTimeline } from './index.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

async function openedStudy(): Promise<string> {
  const studyId = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n)));
  const created = createUser(clinic.db, {
    ...{ username: 'anna', displayName: 'Anna Reader', passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  openStudy(clinic.db, { siteId: clinic.north.siteId, studyId, userId: created.value, atMs: clinic.nowMs() });
  return studyId;
}

test('tells a study’s story from its first image, with people and machines by name', async () => {
  const studyId = await openedStudy();
  const story = listTimeline(clinic.db, clinic.north.siteId, studyId);
  expect(story.map((entry) => TimelineEntry.parse(entry))).toEqual(story);
  expect(story.map(({ kind, actor }) => [kind, actor.display])).toEqual([
    ...Array.from({ length: 5 }, () => ['instance-received', 'CT1']),
    ['study-completed', null],
    ['study-opened', 'Anna Reader'],
  ]);
  expect(listTimeline(clinic.db, clinic.south.siteId, studyId)).toEqual([]);
});

test('lists the ledger newest first, in windows that meet, each event with its hash', async () => {
  await openedStudy();
  const first = listAuditEvents(clinic.db, { siteId: clinic.north.siteId, limit: 4 });
  expect(AuditWindow.parse(first)).toEqual(first);
  const second = listAuditEvents(clinic.db, {
    siteId: clinic.north.siteId,
    limit: 100,
    before: first.next ?? undefined,
  });
  const seqs = [...first.events, ...second.events].map(({ seq }) => seq);
  expect(seqs).toEqual(
    clinic
      .events()
      .map(({ seq }) => seq)
      .toReversed(),
  );
  expect([first.next, second.next]).toEqual([first.events[3]?.seq, null]);
  expect(first.events.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
});

test('shows no event of another site', async () => {
  await openedStudy();
  const theirs = await clinic.send([aSlice(1)], 'SOUTH');
  const seen = listAuditEvents(clinic.db, { siteId: clinic.north.siteId, limit: 100 }).events;
  expect(seen.some(({ studyId }) => studyId === theirs)).toBe(false);
  const south = listAuditEvents(clinic.db, { siteId: clinic.south.siteId, limit: 100 }).events;
  expect(south.map(({ kind }) => kind)).toEqual(['association-ended', 'instance-received']);
});

test('an erased payload is told as erased, not as an error', async () => {
  const studyId = await openedStudy();
  clinic.db.exec('UPDATE event_payloads SET payload = NULL, erased_at_ms = 5 WHERE seq = 1');
  expect(listTimeline(clinic.db, clinic.north.siteId, studyId)[0]).toMatchObject({
    seq: 1,
    kind: 'instance-received',
    payload: null,
  });
});
