import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeepingServer, keepingDicomServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { noteContact } from './peer-contacts.ts';
import { createPeerWatch, listDestinations, type PeerWatch } from './peer-watch.ts';
import { configurePeers, listPeers } from './peers.ts';
import { echoPeer } from './query-peer.ts';

let clinic: Clinic;
let peer: KeepingServer;
let watch: PeerWatch;
let aheadMs: number;
beforeEach(async () => {
  clinic = openClinic();
  peer = await keepingDicomServer({
    policy: async ({ calledAe }) =>
      calledAe === 'PACS'
        ? { accept: true, correlationId: 'c', context: 'peer' }
        : { accept: false, reason: 'called-ae-not-recognized' },
  });
  aheadMs = 0;
  const clock = { nowMs: () => Date.now() + aheadMs };
  watch = createPeerWatch({ db: clinic.db, clock }, [clinic.north.siteId], clinic.log);
});
afterEach(async () => {
  await watch.stop();
  await peer.server.close(0);
  clinic.close();
});

const usual = { address: '', intent: 'comparison', host: '127.0.0.1' } as const;
const known = (...peers: readonly { aeTitle: string; port?: number; isArchive?: boolean }[]) =>
  configurePeers(
    clinic.db,
    clinic.north.siteId,
    'WETREAD',
    peers.map(({ port, ...one }) => ({ ...usual, ...one, ...(port === undefined ? { host: undefined } : { port }) })),
  );
const outcomes = () =>
  listDestinations(clinic.db, clinic.north.siteId).map(({ aeTitle, contact }) => [aeTitle, contact?.outcome ?? null]);

test('the archives are the destinations; without one, every peer that has an address', () => {
  known({ aeTitle: 'CT1' }, { aeTitle: 'WORKSTATION', port: 1 }, { aeTitle: 'PACS', port: 2, isArchive: true });
  expect(outcomes()).toEqual([['PACS', null]]);
  known({ aeTitle: 'CT1' }, { aeTitle: 'WORKSTATION', port: 1 });
  expect(outcomes()).toEqual([['WORKSTATION', null]]);
});

test('each is asked whether it is there: one answers, one refuses us, one is gone', async () => {
  const { port } = peer.server;
  known({ aeTitle: 'PACS', port }, { aeTitle: 'STRICT', port }, { aeTitle: 'GONE', port: 1 });
  await watch.look();
  expect(outcomes()).toEqual([
    ['GONE', 'no-answer'],
    ['PACS', 'answered'],
    ['STRICT', 'refused'],
  ]);
  expect(peer.ends.length).toBe(1);
  await watch.look();
  expect(peer.ends.length).toBe(1); // it was heard a moment ago
});

test('one that has just gone is asked again soon, one that is gone for long as seldom as one that is there', async () => {
  const { port } = peer.server;
  const { siteId } = clinic.north;
  known({ aeTitle: 'PACS', port });
  const isAskedAfter = async (ms: number, goneSinceMs: number) => {
    const nowMs = Date.now();
    noteContact(clinic.db, siteId, 'PACS', 'answered', nowMs - goneSinceMs - 1);
    noteContact(clinic.db, siteId, 'PACS', 'no-answer', nowMs - goneSinceMs);
    noteContact(clinic.db, siteId, 'PACS', 'no-answer', nowMs);
    aheadMs = ms;
    const before = peer.ends.length;
    await watch.look();
    return peer.ends.length > before;
  };
  expect([await isAskedAfter(500, 0), await isAskedAfter(2_000, 0)]).toEqual([false, true]);
  expect([await isAskedAfter(6_000, 10_000), await isAskedAfter(10_000, 10_000)]).toEqual([false, true]);
  expect([await isAskedAfter(20_000, 3_600_000), await isAskedAfter(30_000, 3_600_000)]).toEqual([false, true]);
});

test('any other call tells as well; a state keeps the time since when it is so', async () => {
  const { port } = peer.server;
  known({ aeTitle: 'PACS', port });
  const { siteId } = clinic.north;
  noteContact(clinic.db, siteId, 'PACS', 'no-answer', 1000);
  noteContact(clinic.db, siteId, 'PACS', 'no-answer', 2000);
  const contact = () => listDestinations(clinic.db, siteId)[0]?.contact;
  expect(contact()).toEqual({ outcome: 'no-answer', sinceMs: 1000, lastAtMs: 2000 });
  const peerId = listPeers(clinic.db, siteId)[0]?.peerId ?? '';
  expect((await echoPeer(clinic.archive, { siteId, peerId })).ok).toBe(true);
  expect(contact()).toMatchObject({ outcome: 'answered' });
  expect(contact()?.sinceMs).toBeGreaterThan(2000);
  expect(listDestinations(clinic.db, clinic.south.siteId)).toEqual([]);
});
