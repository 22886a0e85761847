import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { keepingDicomServer, type KeepingServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import type { ServiceClass } from '../dicom/server-services.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { openFullDisk } from '../platform/store/test-full-disk.ts';
import { arrivalOf, aSlice, CT_CLASS, textOf, without } from '../testing/objects.ts';
import { configurePeers, listPeers, type PeerSetting } from './peers.ts';
import { echoPeer, queryPeer } from './query-peer.ts';
import { findStudyCard } from './study-card.ts';
import { findStudyIdByUid, listInstances } from './queries.ts';
import { receiveObject } from './receive-object.ts';
import { createRetrievalWorker, type RetrievalWorker } from './retrieval-worker.ts';
import {
  claimRetrieval,
  FIND_OPEN_RETRIEVAL,
  findRetrieval,
  IS_BEING_RETRIEVED,
  LIST_RETRIEVALS,
  NEXT_RETRIEVAL,
  requestRetrieval,
  WAS_BROKEN_OFF,
} from './retrievals.ts';

const FIND = SERVICE_CLASSES['study-root-find'];
const GET = SERVICE_CLASSES['study-root-get'];
const MOVE = SERVICE_CLASSES['study-root-move'];
const STUDY = '1.2.10';
const KEY_OBJECTS = '1.2.840.10008.5.1.4.1.1.88.59';
let clinic: Clinic;
let peer: KeepingServer | null = null;
let worker: RetrievalWorker;

beforeEach(() => {
  clinic = openClinic();
  worker = createRetrievalWorker(clinic.archive, clinic.log);
});
afterEach(async () => {
  await worker.stop();
  await peer?.server.close(0);
  peer = null;
  clinic.close();
});

const knows = (instances: number, classes: readonly string[] = [CT_CLASS]): ServiceClass<string> => ({
  sopClass: FIND,
  async *find() {
    if (instances > 0)
      yield {
        identifier: {
          StudyInstanceUID: STUDY,
          PatientName: 'Doe^Jane',
          NumberOfStudyRelatedInstances: String(instances),
          SOPClassesInStudy: classes,
        },
      };
    return { status: 'success' };
  },
});
const outgoing = (record: DicomRecord) => ({
  sopClassUid: textOf(record, 'SOPClassUID'),
  sopInstanceUid: textOf(record, 'SOPInstanceUID'),
  transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
  dataSet: () => [encodeDataset(record)],
});
const gives = (...records: readonly DicomRecord[]): ServiceClass<string> => ({
  sopClass: GET,
  get: async () => ({ instances: records.map(outgoing) }),
});

/** The peer CT1, which sends new studies, now with these services and an address. */
async function serve(...services: readonly ServiceClass<string>[]): Promise<string> {
  peer = await keepingDicomServer({ services });
  return callable(peer.server.port);
}

function callable(port: number, services?: PeerSetting['services']): string {
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new', host: '127.0.0.1', port, services },
  ]);
  const [card] = listPeers(clinic.db, clinic.north.siteId);
  return card?.peerId ?? '';
}

function request(peerId: string, wantedBy: 'automatic' | 'c-get' | 'c-move' = 'automatic'): string {
  const asked = requestRetrieval(clinic.db, {
    ...{ siteId: clinic.north.siteId, peerId, studyUid: STUDY, wantedBy, because: 'comparison' },
    ...{ actor: { kind: 'user', id: 'anna' }, atMs: clinic.nowMs() },
  });
  if (!asked.ok) throw new Error(asked.error.code);
  return asked.value.retrievalId;
}

const stateOf = (retrievalId: string) => {
  const found = findRetrieval(clinic.db, clinic.north.siteId, retrievalId);
  return (
    found && {
      state: found.state,
      code: found.code,
      how: found.how,
      completed: found.completed,
      failed: found.failed,
      expected: found.expected,
    }
  );
};
const ended = (retrievalId: string) =>
  eventually(() => {
    expect(findRetrieval(clinic.db, clinic.north.siteId, retrievalId)?.endedAtMs).not.toBeNull();
    return stateOf(retrievalId);
  });

test('fetches a study by C-GET: it is for comparison though its sender sends new ones, and the ledger tells who asked', async () => {
  const peerId = await serve(knows(2), gives(aSlice(1), aSlice(2)));
  const id = request(peerId);
  expect(request(peerId)).toBe(id); // asked twice, fetched once
  worker.start();
  expect(await ended(id)).toEqual({ state: 'done', code: null, how: 'c-get', completed: 2, failed: 0, expected: 2 });
  const studyId = findStudyIdByUid(clinic.db, clinic.north.siteId, STUDY) ?? '';
  expect(findStudyCard(clinic.db, studyId)?.intent).toBe('comparison');
  const told = clinic.events().filter(({ kind }) => kind.startsWith('retrieval-') || kind === 'association-ended');
  expect(told.map(({ kind, payload }) => [kind, payload])).toEqual([
    ['retrieval-requested', { retrievalId: id, peerId, because: 'comparison' }],
    ['association-ended', { peerId, how: 'released', stored: 2, refused: 0 }],
    ['retrieval-ended', { retrievalId: id, peerId, how: 'c-get', state: 'done', code: null, completed: 2, failed: 0 }],
  ]);
});

test('falls back on C-MOVE where C-GET is not offered; what arrives meanwhile from that machine is for comparison', async () => {
  const peerId = await serve(knows(1), {
    sopClass: MOVE,
    async move(_identifier, destination) {
      expect(destination).toBe('WETREAD');
      // The peer sends over an association of its own, as it would any new study.
      const association = clinic.associate('CT1');
      await clinic.receive(association, aSlice(1));
      await clinic.receive(association, aSlice(1, { StudyInstanceUID: '1.2.77', PatientID: '8' }));
      clinic.end(association);
      const target = await keepingDicomServer();
      setTimeout(() => void target.server.close(0), 1000).unref();
      return { instances: [outgoing(aSlice(1))], remote: target.remote };
    },
  });
  const id = request(peerId);
  worker.start();
  expect(await ended(id)).toEqual({ state: 'done', code: null, how: 'c-move', completed: 1, failed: 0, expected: 1 });
  const intents = [STUDY, '1.2.77'].map(
    (uid) => findStudyCard(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, uid) ?? '')?.intent,
  );
  expect(intents).toEqual(['comparison', 'new']);
});

/** Sends over an association of its own, as it would any new study, and says so. */
const sends = (...records: readonly DicomRecord[]): ServiceClass<string> => ({
  sopClass: MOVE,
  async move() {
    const association = clinic.associate('CT1');
    await clinic.receive(association, ...records);
    clinic.end(association);
    const target = await keepingDicomServer();
    setTimeout(() => void target.server.close(0), 1000).unref();
    return { instances: records.map(outgoing), remote: target.remote };
  },
});

test('goes on to C-MOVE where C-GET left something behind', async () => {
  const peerId = await serve(knows(3), gives(aSlice(1), aSlice(2)), sends(aSlice(1), aSlice(2), aSlice(3)));
  const id = request(peerId);
  worker.start();
  expect(await ended(id)).toEqual({ state: 'done', code: null, how: 'c-move', completed: 3, failed: 0, expected: 3 });
  const studyId = findStudyIdByUid(clinic.db, clinic.north.siteId, STUDY) ?? '';
  expect(findStudyCard(clinic.db, studyId)?.intent).toBe('comparison');
});

test.each<[string, readonly ServiceClass<string>[], 'automatic' | 'c-get']>([
  ['is not offered', [], 'automatic'],
  ['does not know us', [{ sopClass: MOVE, move: async () => ({ status: 'move-destination-unknown' }) }], 'automatic'],
  ['was not wanted', [sends(aSlice(3))], 'c-get'],
])('says what C-GET brought where C-MOVE %s', async (_what, more, wantedBy) => {
  const id = request(await serve(knows(3), gives(aSlice(1), aSlice(2)), ...more), wantedBy);
  worker.start();
  const left = { state: 'failed', code: 'some-missing', how: 'c-get', completed: 2, failed: 0, expected: 3 };
  expect(await ended(id)).toEqual(left);
});

test('a study of that UID that comes after the retrieval ended is as new as its sender', async () => {
  const peerId = await serve(knows(0));
  const id = request(peerId);
  worker.start();
  expect(await ended(id)).toMatchObject({ state: 'failed', code: 'study-not-at-peer' });
  await receiveObject(clinic.archive, arrivalOf(aSlice(1)), clinic.associate('CT1'));
  expect(findStudyCard(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, STUDY) ?? '')?.intent).toBe('new');
});

async function anUnreachablePeer(): Promise<string> {
  const gone = await keepingDicomServer();
  await gone.server.close(0);
  return callable(gone.server.port);
}

function aPeerThatHangsUpInAMove(): Promise<string> {
  return serve(knows(1), {
    sopClass: MOVE,
    async move() {
      const serving = peer;
      setImmediate(() => void serving?.server.close(0));
      await pause(500);
      return { status: 'processing-failure' };
    },
  });
}

const intentOfStudy = () =>
  findStudyCard(clinic.db, findStudyIdByUid(clinic.db, clinic.north.siteId, STUDY) ?? '')?.intent;

test.each<[string, 'new' | 'comparison', () => Promise<string>, number]>([
  ['reached nobody', 'new', anUnreachablePeer, 0],
  ['was broken off while the peer sent', 'comparison', aPeerThatHangsUpInAMove, 0],
  ['was broken off a minute ago', 'new', aPeerThatHangsUpInAMove, 60_000],
])('what comes while another attempt is waited for, since one %s, is %s', async (_why, intent, peerOf, laterMs) => {
  const id = request(await peerOf());
  worker.start();
  await eventually(() => expect(stateOf(id)).toMatchObject({ state: 'queued', code: expect.any(String) }));
  await worker.stop();
  clinic.pass(laterMs);
  await receiveObject(clinic.archive, arrivalOf(aSlice(1)), clinic.associate('CT1'));
  expect(intentOfStudy()).toBe(intent);
});

test.each([
  ['neither service', [knows(1)], 'service-not-offered'],
  [
    'a peer that fails some',
    [knows(2), { sopClass: GET, get: async () => ({ instances: [outgoing(aSlice(1))], unavailable: ['1.2.9'] }) }],
    'some-failed',
  ],
  ['a peer that sends nothing', [knows(2), gives()], 'none-arrived'],
  [
    'a peer that refuses',
    [knows(2), { sopClass: GET, get: async () => ({ status: 'not-authorized' }) }],
    'refused-by-peer',
  ],
  [
    'a peer that does not know us',
    [knows(1), { sopClass: MOVE, move: async () => ({ status: 'move-destination-unknown' }) }],
    'destination-unknown-to-peer',
  ],
  ['an object of another study', [knows(1), gives(aSlice(1, { StudyInstanceUID: '1.2.66' }))], 'none-arrived'],
] as const)('says why: %s', async (_what, services, code) => {
  const id = request(await serve(...(services as readonly ServiceClass<string>[])));
  worker.start();
  expect(await ended(id)).toMatchObject({ state: 'failed', code });
});

test('tries again later where the peer cannot be reached, and gives up in the end', async () => {
  const gone = await keepingDicomServer();
  await gone.server.close(0);
  const id = request(callable(gone.server.port));
  worker.start();
  await eventually(() => expect(stateOf(id)).toMatchObject({ state: 'queued', code: 'peer-unreachable' }));
  await eventually(() => {
    clinic.pass(3_600_000);
    worker.notify();
    expect(stateOf(id)).toMatchObject({ state: 'failed', code: 'peer-unreachable' });
  });
});

test('a full disk stops neither the station nor the queue: what could not be begun, noted or ended is, once there is room', async () => {
  const disk = openFullDisk(clinic.db, ['retrievals']);
  const served = { times: 0 };
  const fillsTheDisk: ServiceClass<string> = {
    sopClass: GET,
    async get() {
      served.times += 1;
      if (served.times === 1) disk.fill();
      return { instances: [outgoing(aSlice(1))] };
    },
  };
  const id = request(await serve(knows(1), fillsTheDisk));
  await worker.stop();
  worker = createRetrievalWorker(clinic.archive, clinic.log, 20);
  worker.start();
  const refused = async () => {
    const before = disk.refused();
    await eventually(() => expect(disk.refused()).toBeGreaterThan(before + 2));
  };
  await refused(); // it ends while there is no room
  expect(stateOf(id)).toMatchObject({ state: 'running' });
  disk.makeRoom();
  expect(await ended(id)).toMatchObject({ state: 'done', completed: 1 });

  const next = request(listPeers(clinic.db, clinic.north.siteId)[0]?.peerId ?? '');
  disk.fill();
  worker.notify();
  await refused(); // it cannot even be begun
  expect([stateOf(next)?.state, served.times]).toEqual(['queued', 1]);
  disk.makeRoom();
  expect(await ended(next)).toMatchObject({ state: 'done' });
  expect(clinic.logged()).not.toContain('incidentId');
});

test('where there is no room for what arrives, it is fetched again later and says why', async () => {
  const disk = openFullDisk(clinic.db, ['associations']);
  const id = request(await serve(knows(1), gives(aSlice(1))));
  disk.fill();
  worker.start();
  await eventually(() => expect(stateOf(id)).toMatchObject({ state: 'queued', code: 'no-room-here' }));
  disk.makeRoom();
  clinic.pass(3_600_000);
  worker.notify();
  expect(await ended(id)).toMatchObject({ state: 'done', completed: 1 });
});

test('says that less came than the peer said it has, whatever its last word', async () => {
  const id = request(await serve(knows(3), gives(aSlice(1), aSlice(2))));
  worker.start();
  expect(await ended(id)).toMatchObject({ state: 'failed', code: 'some-missing', completed: 2, expected: 3 });
});

test('honours a rejection note that it fetches from a peer that may reject', async () => {
  const reference = { ReferencedSOPClassUID: CT_CLASS, ReferencedSOPInstanceUID: '1.2.10.1.1' };
  const note: DicomRecord = {
    ...without(aSlice(9), 'PixelData', 'Rows', 'Columns', 'ImagePositionPatient'),
    SOPClassUID: KEY_OBJECTS,
    SeriesInstanceUID: '1.2.10.9',
    SOPInstanceUID: '1.2.10.9.1',
    Modality: 'KO',
    ConceptNameCodeSequence: [{ CodeValue: '113037', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Rejected' }],
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: STUDY,
        ReferencedSeriesSequence: [{ SeriesInstanceUID: '1.2.10.1', ReferencedSOPSequence: [reference] }],
      },
    ],
  };
  peer = await keepingDicomServer({ services: [knows(3, [CT_CLASS, KEY_OBJECTS]), gives(aSlice(1), aSlice(2), note)] });
  const id = request(callable(peer.server.port, ['store', 'reject']));
  worker.start();
  expect(await ended(id)).toMatchObject({ state: 'done', completed: 3 });
  const studyId = findStudyIdByUid(clinic.db, clinic.north.siteId, STUDY) ?? '';
  expect(listInstances(clinic.db, studyId).map(({ sopUid }) => sopUid)).toEqual(['1.2.10.1.2', '1.2.10.9.1']);
});

test('stops at a cancel, keeps what has arrived, and goes on after a restart', async () => {
  const slow: ServiceClass<string> = {
    sopClass: GET,
    get: async () => ({
      instances: Array.from({ length: 200 }, (_, index) => ({
        ...outgoing(aSlice(index + 1)),
        dataSet: async function* () {
          await pause(20);
          yield encodeDataset(aSlice(index + 1));
        },
      })),
    }),
  };
  const peerId = await serve(knows(200), slow);
  const id = request(peerId);
  worker.start();
  await eventually(() => expect(stateOf(id)?.completed).toBeGreaterThan(0));
  await worker.stop();
  expect(stateOf(id)).toMatchObject({ state: 'running' });
  worker = createRetrievalWorker(clinic.archive, clinic.log);
  worker.start();
  await eventually(() => expect(stateOf(id)?.completed).toBeGreaterThan(0));
  expect(worker.cancel(id)).toBe(true);
  expect(await ended(id)).toMatchObject({ state: 'cancelled' });
  expect(worker.cancel(id)).toBe(false);
  expect(findStudyIdByUid(clinic.db, clinic.north.siteId, STUDY)).not.toBeNull();
});

test('refuses a peer that cannot be called, or of another site', async () => {
  const peerId = await serve();
  const ask = (siteId: string, id: string) =>
    requestRetrieval(clinic.db, {
      ...{ siteId, peerId: id, studyUid: STUDY, wantedBy: 'automatic', because: 'comparison' },
      ...{ actor: serviceActor('test'), atMs: 0 },
    });
  expect([ask(clinic.south.siteId, peerId), ask(clinic.north.siteId, 'nobody')]).toEqual([
    { ok: false, error: { code: 'peer-not-found' } },
    { ok: false, error: { code: 'peer-not-found' } },
  ]);
});

test('asks a peer what it has, records the question as a search, and says what went wrong', async () => {
  const peerId = await serve(knows(2));
  const who = { siteId: clinic.north.siteId, peerId, actor: { kind: 'user', id: 'anna' } } as const;
  const asked = await queryPeer(clinic.archive, who, { patientName: 'Doe*' });
  expect(asked).toMatchObject({
    ok: true,
    value: { isWhole: true, studies: [{ studyUid: STUDY, patientName: 'Doe^Jane', instances: 2, studyId: null }] },
  });
  expect(await echoPeer(clinic.archive, who)).toMatchObject({ ok: true });
  await peer?.server.close(0);
  expect(await queryPeer(clinic.archive, who, { patientName: 'Doe*' })).toEqual({
    ok: false,
    error: { code: 'peer-unreachable' },
  });
  expect(clinic.events('studies-searched').map(({ payload }) => payload)).toEqual([
    { surface: 'peer', results: 1 },
    { surface: 'peer', results: 0 },
  ]);
});

test('begins an attempt once', async () => {
  const id = request(await serve());
  expect([claimRetrieval(clinic.db, id, 1), claimRetrieval(clinic.db, id, 2)]).toEqual([true, false]);
});

test.each([
  [FIND_OPEN_RETRIEVAL, { siteId: 's', studyUid: '1', peerId: 'p' }, /USING (COVERING )?INDEX retrievals_open/],
  [
    IS_BEING_RETRIEVED,
    { siteId: 's', studyUid: '1', peerId: 'p' },
    /USING (COVERING )?INDEX retrievals_(open|by_study)/,
  ],
  [
    WAS_BROKEN_OFF,
    { siteId: 's', studyUid: '1', peerId: 'p', sinceMs: 0 },
    /USING (COVERING )?INDEX retrievals_(open|by_study)/,
  ],
  [LIST_RETRIEVALS, { siteId: 's', limit: 1 }, /USING INDEX retrievals_in_order/],
  [NEXT_RETRIEVAL, {}, /USING INDEX retrievals_due/],
])('walks an index: %s', (sql, values, index) => {
  const plan = (clinic.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values) as { detail: string }[])
    .map(({ detail }) => detail)
    .join('\n');
  expect(plan).toMatch(index);
  expect(plan).not.toMatch(/SCAN r(etrievals)?$|TEMP B-TREE/m);
});
