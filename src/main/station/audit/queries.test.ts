import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditWindow } from '../../../shared/contract/audit.ts';
import { TimelineEntry } from '../../../shared/contract/studies.ts';
import { createUser } from '../access/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { inTransaction } from '../platform/store/transaction.ts';
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
    ['instance-received', 'CT1'],
    ['study-completed', null],
    ['study-opened', 'Anna Reader'],
  ]);
  expect(story[0]?.arrivals).toEqual({ count: 5, firstAtMs: story[0]?.atMs });
  expect(listTimeline(clinic.db, clinic.south.siteId, studyId)).toEqual([]);
});

/** More slices of the same kind than are read at once, a second apart. */
function sliceEvents(studyId: string, count: number, outcome: 'new' | 'duplicate', fromMs: number): void {
  const peerId = clinic.db.prepare(`SELECT peer_id FROM peers WHERE ae_title = 'CT1'`).pluck().get() as string;
  inTransaction(clinic.db, () => {
    for (let n = 0; n < count; n += 1)
      appendEvent(clinic.db, {
        kind: 'instance-received',
        payload: { instanceId: 'i', seriesId: 's', digest: 'd', outcome, intent: 'new', revision: 1 },
        ...{ siteId: clinic.north.siteId, studyId, actor: { kind: 'peer', id: peerId } as const },
        ...{ correlationId: 'c', atMs: fromMs + n * 1000 },
      });
  });
}

test('keeps the beginning of a study of thousands of slices, which are one entry with their number', async () => {
  const studyId = await openedStudy();
  const fromMs = clinic.nowMs();
  sliceEvents(studyId, 4500, 'duplicate', fromMs);
  sliceEvents(studyId, 2, 'new', fromMs + 5_000_000);
  const story = listTimeline(clinic.db, clinic.north.siteId, studyId);
  expect(story.map((entry) => TimelineEntry.parse(entry))).toEqual(story);
  expect(story.map(({ kind, arrivals }) => [kind, arrivals?.count])).toEqual([
    ['instance-received', 5],
    ['study-completed', undefined],
    ['study-opened', undefined],
    ['instance-received', 4500],
    ['instance-received', 2],
  ]);
  expect(story[3]).toMatchObject({ atMs: fromMs + 4_499_000, arrivals: { firstAtMs: fromMs } });
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
