import { afterEach, beforeEach, expect, test } from 'vitest';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { createUser, findDisplayName, type Principal } from '../../access/index.ts';
import {
  configurePeers,
  countLetGo,
  createCacheKeeper,
  findSendable,
  listPeers,
  listRetrievals,
  recordProof,
} from '../../archive/index.ts';
import { serviceActor } from '../../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { aSlice } from '../../testing/objects.ts';
import { deliveryServices } from './delivery-services.ts';
import { studyServices } from './study-services.ts';

let clinic: Clinic;
let notified: number;
beforeEach(() => {
  clinic = openClinic();
  notified = 0;
});
afterEach(() => clinic.close());

/** A study for comparison that an archive holds and whose files left the cache. */
async function letGo(): Promise<StudyId> {
  const { db, north } = clinic;
  const studyId = await clinic.send([aSlice(1), aSlice(2)], 'PACS');
  configurePeers(db, north.siteId, 'WETREAD', [
    { aeTitle: 'ARCHIVE', address: '', intent: 'comparison', host: '127.0.0.1', port: 1, isArchive: true },
  ]);
  const [archive] = listPeers(db, north.siteId);
  const instances = findSendable(db, [north.siteId], { studyUids: ['1.2.10'] });
  const proof = { siteId: north.siteId, peerId: archive?.peerId ?? '', source: 'commitment', instances } as const;
  recordProof(db, { ...proof, atMs: clinic.nowMs() });
  clinic.pass(3_600_000);
  clinic.runJobs();
  const keeper = createCacheKeeper({
    ...{ db, objects: clinic.archive.objects, clock: clinic.archive.clock, log: clinic.log },
    sites: [
      { siteId: north.siteId, cache: { keepDays: 0 }, keepDiscardedDays: 30, keepRecordsDays: 90, retention: [] },
    ],
    disk: { state: 'enough' },
    isOpen: () => false,
    measure: async () => ({ bytes: 0, studies: 0, evicted: 0 }),
    preview: async () => ({ studies: [], next: null }),
    listDiscarded: async () => ({ digests: [], asOfMs: 0 }),
    listOldRecords: async () => ({ stepIds: [], noticeIds: [], importIds: [] }),
  });
  clinic.pass(3_600_000);
  await keeper.runOnce();
  await keeper.stop();
  expect(countLetGo(db, studyId)).toBe(2);
  return StudyId.parse(studyId);
}

function services() {
  const { db, archive, north } = clinic;
  const anna = createUser(db, {
    ...{ username: 'anna', displayName: 'Anna', passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!anna.ok) throw new Error(anna.error.code);
  const principal = {
    ...{ siteId: north.siteId, siteIds: [north.siteId], userId: anna.value, permissions: [], sessionKind: 'page' },
  } as unknown as Principal;
  const workers = { notify: () => void (notified += 1) };
  const tools = { db, objects: archive.objects, clock: archive.clock, readers: null as never, retrievals: workers };
  return { principal, studies: studyServices(tools), deliveries: deliveryServices({ ...tools, deliveries: workers }) };
}
const asked = () =>
  listRetrievals(clinic.db, clinic.north.siteId, 10).map(({ because, state, askedBy }) => [
    ...[because, state, findDisplayName(clinic.db, askedBy)],
  ]);

test('promoting a study that was let go fetches it back; opening it too, once', async () => {
  const studyId = await letGo();
  const { principal, studies } = services();
  expect(studies.promote(principal, studyId)).toMatchObject({ ok: true, value: { intent: 'new' } });
  expect(asked()).toEqual([['let-go-here', 'queued', 'Anna']]);
  expect(studies.open(principal, studyId)).toMatchObject({ ok: true });
  expect([asked().length, notified]).toEqual([1, 2]);
});

test('sending a study that was let go fetches it back first; one that is here asks nobody', async () => {
  const { principal, deliveries, studies } = services();
  const here = StudyId.parse(await clinic.send([aSlice(1, { StudyInstanceUID: '1.2.11', PatientID: '9' })], 'PACS'));
  expect(studies.promote(principal, here).ok).toBe(true);
  expect(studies.recall(principal, here)).toEqual({ ok: false, error: { code: 'study-is-here' } });
  const studyId = await letGo();
  const [peer] = listPeers(clinic.db, clinic.north.siteId);
  const row = studies.open(principal, studyId);
  if (!row.ok) throw new Error(row.error.code);
  const { patientId } = row.value.patient;
  const sent = deliveries.send(principal, { studyId, patientId, peerId: peer?.peerId ?? '' });
  expect(sent).toMatchObject({ ok: true, value: { state: 'queued', study: { patientName: 'Doe^Jane' } } });
  expect(asked()).toEqual([['let-go-here', 'queued', 'Anna']]);
  expect(deliveries.list(principal, { limit: 5 })).toHaveLength(1);
});
