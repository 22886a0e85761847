import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { type KeepingServer, keepingDicomServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import {
  configurePeers,
  findInstance,
  findOutgoing,
  getObject,
  getStudyCard,
  hideObjects,
  listCommitmentsOf,
  listInstances,
  listPeers,
  listSeries,
  moveStudy,
} from '../archive/index.ts';
import { readDataset } from '../dicom/dataset/read-dataset.ts';
import { text } from '../dicom/dataset/values.ts';
import { encodeDataset } from '../dicom/dataset/write-dataset.ts';
import type { DicomServerOptions } from '../dicom/server-options.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { objectPath } from '../platform/objects/object-store.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { openFullDisk } from '../platform/store/test-full-disk.ts';
import { aSlice } from '../testing/objects.ts';
import { FIND_OPEN_DELIVERY, findDelivery, NEXT_DELIVERY, noteItems } from './deliveries.ts';
import { createDeliveryWorker, type DeliveryWorker, pauseBefore } from './delivery-worker.ts';
import { cancelDelivery, retryDelivery, sendStudy } from './index.ts';

const USER = { kind: 'user', id: 'anna' } as const;
const slices = [1, 2, 3, 4].map((n) => aSlice(n));
const uids = [1, 2, 3, 4].map((n) => `1.2.10.1.${n}`);

let clinic: Clinic;
let studyId: string;
let peers: KeepingServer[];
let workers: DeliveryWorker[];
/** What a peer that hangs waits for: the end of the test. */
let end: PromiseWithResolvers<void>;
beforeEach(async () => {
  clinic = openClinic();
  [peers, workers, end] = [[], [], Promise.withResolvers()];
  studyId = await clinic.send(slices);
});
afterEach(async () => {
  end.resolve();
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(peers.map(({ server }) => server.close(0)));
  clinic.close();
});

function startWorker(responseMs = 60_000): DeliveryWorker {
  const { db, objects, clock } = clinic.archive;
  const worker = createDeliveryWorker({
    ...{ db, objects, clock, log: clinic.log, responseMs, random: () => 0.5, noRoomPauseMs: 20 },
    writeExplicit: async () => null,
    listSendable: async (siteId, studyUid) => findOutgoing(db, [siteId], { studyUids: [studyUid] }),
  });
  workers.push(worker);
  worker.start();
  return worker;
}

async function serve(options: Partial<DicomServerOptions<string>> = {}): Promise<KeepingServer> {
  const peer = await keepingDicomServer(options);
  peers.push(peer);
  return peer;
}

function callable(port: number, more: { isArchive?: boolean } = {}): string {
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'STORE', address: '', intent: 'comparison', host: '127.0.0.1', port, ...more },
  ]);
  return listPeers(clinic.db, clinic.north.siteId)[0]?.peerId ?? '';
}

function send(peerId: string, more: { seriesIds?: readonly string[]; patientId?: string } = {}) {
  return sendStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, peerId, actor: USER, atMs: clinic.nowMs() },
    patientId: getStudyCard(clinic.db, studyId).patient.patientId,
    ...more,
  });
}
function owe(peerId: string, more: { seriesIds?: readonly string[] } = {}): string {
  const sent = send(peerId, more);
  if (!sent.ok) throw new Error(sent.error.code);
  return sent.value.deliveryId;
}
const about = (deliveryId: string) => ({
  ...{ siteId: clinic.north.siteId, deliveryId, actor: USER, atMs: clinic.nowMs() },
});
const stateOf = (deliveryId: string) => {
  const found = findDelivery(clinic.db, deliveryId);
  return found && [found.state, found.code, found.sent, found.failed, found.items, found.attempts];
};
const becomes = (deliveryId: string, wanted: readonly unknown[]) =>
  eventually(() => expect(stateOf(deliveryId)).toEqual(wanted));
const kinds = () => clinic.events().flatMap(({ kind }) => (/^delivery|hold|held/.test(kind) ? [kind] : []));
const isHeld = () => clinic.db.prepare('SELECT holder FROM study_holds').all().length > 0;

test('sends what is current and shown, byte for byte, holds the study meanwhile, and an archive is asked to answer for it', async () => {
  const peer = await serve();
  const peerId = callable(peer.server.port, { isArchive: true });
  hideObjects(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, level: 'instance', subjects: ['1.2.10.1.4'], reason: 'test-images' },
    ...{ actor: USER, atMs: clinic.nowMs() },
  });
  const deliveryId = owe(peerId);
  expect(isHeld()).toBe(true);
  startWorker();
  await becomes(deliveryId, ['delivered', null, 3, 0, 3, 1]);
  expect([...peer.kept.keys()]).toEqual(uids.slice(0, 3));
  for (const [index, uid] of uids.slice(0, 3).entries())
    expect(Buffer.from(peer.kept.get(uid) ?? []).equals(encodeDataset(slices[index] ?? {}))).toBe(true);
  expect(kinds()).toEqual(['delivery-queued', 'study-held', 'delivery-delivered', 'study-hold-released']);
  expect([isHeld(), listCommitmentsOf(clinic.db, studyId)]).toMatchObject([false, [{ peerAe: 'STORE', instances: 3 }]]);
  expect(send(peerId)).toMatchObject({ ok: true, value: { state: 'queued' } });
});

test('an archive is asked about the version that left, and as whose it left', async () => {
  const peer = await serve();
  const peerId = callable(peer.server.port, { isArchive: true });
  const first = owe(peerId);
  const worker = startWorker();
  await becomes(first, ['delivered', null, 4, 0, 4, 1]);
  const asked = () =>
    clinic.db
      .prepare(`SELECT DISTINCT c.is_taken AS isTaken, c.corrected_at_ms AS correctedAtMs FROM commitment_instances c
                JOIN commitment_requests r ON r.request_id = c.request_id ORDER BY r.requested_at_ms`)
      .all();
  expect(asked()).toEqual([{ isTaken: 1, correctedAtMs: null }]);
  clinic.pass(1000);
  const correctedAtMs = clinic.nowMs();
  moveStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, reason: 'wrong-patient-selected', actor: USER, atMs: correctedAtMs },
    to: { name: 'Roe^John', number: '99', issuer: 'X', birthDateRaw: null, sex: null },
  });
  clinic.pass(1000);
  const second = owe(peerId);
  worker.notify();
  await becomes(second, ['delivered', null, 4, 0, 4, 1]);
  expect(asked()).toEqual([
    { isTaken: 1, correctedAtMs: null },
    { isTaken: 1, correctedAtMs },
  ]);
});

test('only chosen series leave; the same wish twice is one delivery', async () => {
  const other = '1.2.10.2';
  await clinic.send([aSlice(1, { SeriesInstanceUID: other, StudyInstanceUID: '1.2.10' })]);
  const seriesIds = listSeries(clinic.db, studyId).flatMap((one) => (one.seriesUid === other ? [one.seriesId] : []));
  const peer = await serve();
  const peerId = callable(peer.server.port);
  const deliveryId = owe(peerId, { seriesIds });
  expect(owe(peerId, { seriesIds })).toBe(deliveryId);
  expect(send(peerId, { seriesIds: ['not-there'] })).toEqual({ ok: false, error: { code: 'series-not-found' } });
  startWorker();
  await becomes(deliveryId, ['delivered', null, 1, 0, 1, 1]);
  expect([...peer.kept.keys()]).toEqual([`${other}.1`]);
  expect(listCommitmentsOf(clinic.db, studyId)).toEqual([]);
});

test('what is not that patient’s any more is not owed; what is owed leaves under whose it is by then, also where some had left before', async () => {
  const peer = await serve();
  const peerId = callable(peer.server.port);
  expect(send(peerId, { patientId: 'somebody' })).toMatchObject({ error: { code: 'identity-changed' } });
  expect(send('nobody')).toMatchObject({ error: { code: 'peer-not-callable' } });
  const deliveryId = owe(peerId);
  const moved = moveStudy(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, reason: 'wrong-patient-selected' },
    to: { name: 'Roe^John', number: '99', issuer: 'X', birthDateRaw: null, sex: null },
    ...{ actor: USER, atMs: clinic.nowMs() },
  });
  expect(moved).toMatchObject({ ok: true });
  const [first] = listInstances(clinic.db, studyId);
  if (first === undefined) throw new Error('there are no images');
  const { sopUid, digest } = first;
  noteItems(clinic.db, deliveryId, [{ sopUid, digest, correctedAtMs: null, state: 'sent', status: 0 }]);
  startWorker();
  await becomes(deliveryId, ['delivered', null, 4, 0, 4, 1]);
  const patients = [...peer.kept.values()].map((bytes) => {
    const read = readDataset(bytes, EXPLICIT_LITTLE_ENDIAN);
    return read.ok ? [text(read.value, 'PatientName'), text(read.value, 'PatientID')] : read.error.code;
  });
  expect(patients).toEqual(Array(4).fill(['Roe^John', '99']));
});

test('what never left is tried again after growing pauses, for as long as it takes', async () => {
  const gone = await serve();
  const peerId = callable(gone.server.port);
  await gone.server.close(0);
  const deliveryId = owe(peerId);
  const worker = startWorker();
  for (const attempt of [1, 2, 3]) {
    await becomes(deliveryId, ['queued', 'peer-unreachable', 0, 0, 4, attempt]);
    clinic.pass(pauseBefore(attempt, 0.5) - 1);
    worker.notify();
    expect(stateOf(deliveryId)?.[5]).toBe(attempt);
    clinic.pass(1);
    worker.notify();
  }
  await becomes(deliveryId, ['queued', 'peer-unreachable', 0, 0, 4, 4]);
  expect([1, 2, 3, 20].map((n) => pauseBefore(n, 0.5))).toEqual([10_000, 30_000, 90_000, 1_800_000]);
  expect([pauseBefore(1, 0), pauseBefore(1, 1)]).toEqual([8_000, 12_000]);
});

test('an association that ends midway is taken up where it ended', async () => {
  let asked = 0;
  const flaky = await serve({
    store: async (incoming) => {
      asked += 1;
      for await (const _part of incoming.body);
      if (asked === 3) throw new Error('the peer breaks off');
      flaky.kept.set(incoming.sopInstanceUid, new Uint8Array());
      return { status: asked < 3 ? 'success' : 'out-of-resources' };
    },
  });
  const deliveryId = owe(callable(flaky.server.port));
  const worker = startWorker();
  await eventually(() => expect(stateOf(deliveryId)?.[0]).toBe('queued'));
  expect(stateOf(deliveryId)?.slice(2)).toEqual([2, 0, 4, 1]);
  const good = await serve();
  callable(good.server.port);
  clinic.pass(60_000);
  worker.notify();
  await becomes(deliveryId, ['delivered', null, 4, 0, 4, 2]);
  expect([...good.kept.keys()].toSorted()).toEqual(uids.slice(2));
});

test('a peer that does not answer: unknown, so sent again, for C-STORE deduplicates', async () => {
  let isHanging = true;
  const peer = await serve({
    store: async (incoming) => {
      for await (const _part of incoming.body);
      if (isHanging) await new Promise((resolve) => setTimeout(resolve, 1500));
      else peer.kept.set(incoming.sopInstanceUid, new Uint8Array());
      return { status: 'success' };
    },
  });
  const deliveryId = owe(callable(peer.server.port));
  const impatient = startWorker(200);
  await becomes(deliveryId, ['queued', 'association-lost', 0, 0, 4, 1]);
  await impatient.stop();
  // It may have kept what it did not answer for.
  expect(clinic.db.prepare('SELECT sop_uid FROM sent_versions').pluck().all()).toEqual([uids[0]]);
  isHanging = false;
  clinic.pass(60_000);
  startWorker();
  await becomes(deliveryId, ['delivered', null, 4, 0, 4, 2]);
  expect([...peer.kept.keys()].toSorted()).toEqual(uids);
});

test('out of resources waits; a permanent refusal is for a person, who has it offered anew', async () => {
  let status: 'out-of-resources' | 'cannot-understand' | 'success' = 'out-of-resources';
  const peer = await serve({
    store: async (incoming) => {
      for await (const _part of incoming.body);
      return { status: incoming.sopInstanceUid === uids[1] ? status : 'success' };
    },
  });
  const deliveryId = owe(callable(peer.server.port));
  const worker = startWorker();
  await becomes(deliveryId, ['queued', 'refused-for-now', 1, 0, 4, 1]);
  status = 'cannot-understand';
  clinic.pass(60_000);
  worker.notify();
  await becomes(deliveryId, ['rejected', 'refused-by-peer', 3, 1, 4, 2]);
  expect(isHeld()).toBe(true);
  status = 'success';
  expect(retryDelivery(clinic.db, { ...about(deliveryId), reason: 'peer-mended' })).toMatchObject({ ok: true });
  worker.notify();
  await becomes(deliveryId, ['delivered', null, 4, 0, 4, 1]);
  expect(kinds().filter((kind) => kind.startsWith('delivery'))).toEqual([
    ...['delivery-queued', 'delivery-rejected', 'delivery-retried', 'delivery-delivered'],
  ]);
  expect(retryDelivery(clinic.db, { ...about(deliveryId), reason: 'other' })).toMatchObject({
    error: { code: 'delivery-has-ended' },
  });
});

test('a peer that refuses this station, or takes none of the class, is for a person at once', async () => {
  const closed = await serve({ policy: async () => ({ accept: false, reason: 'calling-ae-not-recognized' }) });
  const deliveryId = owe(callable(closed.server.port));
  const worker = startWorker();
  await becomes(deliveryId, ['rejected', 'peer-refuses-us', 0, 0, 4, 1]);
  const narrow = await serve({ accepts: [] });
  callable(narrow.server.port);
  retryDelivery(clinic.db, { ...about(deliveryId), reason: 'settings-corrected' });
  worker.notify();
  await becomes(deliveryId, ['rejected', 'class-not-taken', 0, 4, 4, 1]);
  expect(clinic.events('delivery-rejected').map(({ payload }) => payload['code'])).toEqual([
    ...['peer-refuses-us', 'class-not-taken'],
  ]);
});

test('what is damaged stays back until it is whole; then a person is asked', async () => {
  const peer = await serve();
  const peerId = callable(peer.server.port);
  const { digest } = findInstance(clinic.db, clinic.north.siteId, uids[0] ?? '') ?? { digest: '' };
  rmSync(objectPath(clinic.objectsDir, digest, getObject(clinic.db, digest).encoding));
  const deliveryId = owe(peerId);
  const worker = startWorker();
  for (let attempt = 1; attempt < 8; attempt += 1) {
    await becomes(deliveryId, ['queued', 'objects-not-here', 3, 0, 4, attempt]);
    clinic.pass(3_600_000);
    worker.notify();
  }
  await becomes(deliveryId, ['held', 'objects-not-here', 3, 0, 4, 8]);
  expect([...peer.kept.keys()].toSorted()).toEqual(uids.slice(1));
  expect(kinds()).toContain('delivery-held');
});

test('given up, it stops at once, also where the peer does not answer, and the study is free', async () => {
  const peer = await serve({
    store: async (incoming) => {
      for await (const _part of incoming.body);
      await end.promise;
      return { status: 'success' };
    },
  });
  const deliveryId = owe(callable(peer.server.port));
  const worker = startWorker(60_000);
  await becomes(deliveryId, ['claimed', null, 0, 0, 4, 1]);
  expect(cancelDelivery(clinic.db, { ...about(deliveryId), reason: 'wrong-destination' })).toMatchObject({
    ...{ ok: true, value: { state: 'cancelled' } },
  });
  worker.notify();
  await worker.stop(); // while the peer still hangs
  expect([stateOf(deliveryId)?.[0], isHeld()]).toEqual(['cancelled', false]);
  expect(cancelDelivery(clinic.db, { ...about(deliveryId), reason: 'other' })).toMatchObject({
    error: { code: 'delivery-has-ended' },
  });
  expect(
    cancelDelivery(clinic.db, { ...about(deliveryId), siteId: clinic.south.siteId, reason: 'other' }),
  ).toMatchObject({
    error: { code: 'delivery-not-found' },
  });
});

test('what a stop broke off is sent by the next start, without what the peer has', async () => {
  const slow = await serve({
    store: async (incoming) => {
      for await (const _part of incoming.body);
      slow.kept.set(incoming.sopInstanceUid, new Uint8Array());
      if (slow.kept.size === 3) await end.promise;
      return { status: 'success' };
    },
  });
  const deliveryId = owe(callable(slow.server.port));
  const first = startWorker();
  await eventually(() => expect(slow.kept.size).toBe(3));
  await first.stop();
  expect(stateOf(deliveryId)?.[0]).toBe('sent');
  const good = await serve();
  callable(good.server.port);
  startWorker();
  await becomes(deliveryId, ['delivered', null, 4, 0, 4, 2]);
  expect([...good.kept.keys()].toSorted()).toEqual(uids.slice(2));
});

test('a peer that hangs keeps back no other', async () => {
  const [hanging, good] = [
    await serve({
      store: async (incoming) => {
        for await (const _part of incoming.body);
        await end.promise;
        return { status: 'success' };
      },
    }),
    await serve(),
  ];
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'A', address: '', intent: 'comparison', host: '127.0.0.1', port: hanging.server.port },
    { aeTitle: 'B', address: '', intent: 'comparison', host: '127.0.0.1', port: good.server.port },
  ]);
  const [a, b] = listPeers(clinic.db, clinic.north.siteId);
  const toA = owe(a?.peerId ?? '');
  const toB = owe(b?.peerId ?? '');
  startWorker();
  await becomes(toB, ['delivered', null, 4, 0, 4, 1]);
  expect(stateOf(toA)?.[0]).toBe('claimed');
});

test.each([
  [FIND_OPEN_DELIVERY, 'deliveries_open'],
  [NEXT_DELIVERY, 'deliveries_due'],
])('walks its index', (sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toContain('TEMP B-TREE');
});

test('a full disk stops neither the station nor the queue: what could not be begun or ended is, once there is room', async () => {
  const disk = openFullDisk(clinic.db, ['deliveries', 'delivery_items']);
  const refused = async () => {
    const before = disk.refused();
    await eventually(() => expect(disk.refused()).toBeGreaterThan(before + 2));
  };
  const peer = await serve({
    store: async () => {
      disk.fill();
      return { status: 'success' };
    },
  });
  const deliveryId = owe(callable(peer.server.port));
  disk.fill();
  startWorker();
  await refused(); // it cannot be begun
  expect([stateOf(deliveryId)?.[0], peer.kept.size]).toEqual(['queued', 0]);
  disk.makeRoom();
  await refused(); // the peer takes it while there is no room to write that down
  disk.makeRoom();
  await eventually(() => expect(stateOf(deliveryId)?.slice(0, 2)).toEqual(['queued', 'no-room-here']));
  expect(clinic.logged()).not.toContain('incidentId');
});
