import { renameSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { keepingDicomServer, type KeepingServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import { readDataset } from '../dicom/dataset/read-dataset.ts';
import { encodeDataset } from '../dicom/dataset/write-dataset.ts';
import type { ServiceClass } from '../dicom/server-services.ts';
import { type DicomServer, DEFAULT_ACCEPTS, startDicomServer } from '../dicom/server.ts';
import { findAt } from '../dicom/services/find.ts';
import { getFrom, moveFrom } from '../dicom/services/retrieve.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { durableWith, endSyncing } from '../platform/store/durability.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { openFullDisk } from '../platform/store/test-full-disk.ts';
import { aSlice, CT_CLASS } from '../testing/objects.ts';
import {
  type ArchiveAssociation,
  configurePeers,
  createCommitmentWorker,
  createRetrievalWorker,
  findInstances,
  findOutgoing,
  findSeries,
  findStudies,
  listPeers,
  listSopClasses,
  queryPeer,
  queryRetrieveServices,
  requestCommitment,
  requestRetrieval,
} from './index.ts';
import { takeCommitmentRequest } from './commitment-asked.ts';

/** What crossed to the other side, in order; nothing may while the disk has not taken what it rests on. */
let told: string[];
let clinic: Clinic;
let open: (() => Promise<void>)[];

beforeEach(() => {
  clinic = openClinic();
  [told, open] = [[], []];
});
afterEach(async () => {
  for (const close of open.toReversed()) await close();
  clinic.close();
});

/** What is told where the disk does not take what stands in the ledger, and then where it does, so many things. */
async function toldBeforeAndAfter(act: () => unknown, recorded: string, count: number): Promise<readonly unknown[]> {
  const { db } = clinic;
  // Its log is nowhere to be found: what is committed cannot be brought to the disk.
  await endSyncing(db);
  const log = `${db.name}-wal`;
  renameSync(log, `${log}.away`);
  const once = act();
  if (once instanceof Promise) await once.catch(() => undefined);
  await eventually(() => expect(clinic.events(recorded)).not.toEqual([]));
  await pause(200);
  const before = [...told];
  renameSync(`${log}.away`, log);
  await act();
  await eventually(() => expect(told.length).toBeGreaterThanOrEqual(count));
  return [before, told];
}

/** PACS, which notes whatever it hears. */
async function listening(): Promise<KeepingServer> {
  const hears: readonly ServiceClass<string>[] = [
    {
      sopClass: SERVICE_CLASSES['storage-commitment-push'],
      action: async () => (told.push('n-action'), { status: 'success' }),
      eventReport: async () => (told.push('n-event-report'), { status: 'success' }),
    },
    {
      sopClass: SERVICE_CLASSES['study-root-find'],
      async *find() {
        told.push('c-find');
        yield* [];
        return { status: 'success' };
      },
    },
  ];
  const peer = await keepingDicomServer({ services: hears });
  open.push(() => peer.server.close(0));
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison', host: '127.0.0.1', port: peer.server.port },
  ]);
  return peer;
}
const pacs = () => listPeers(clinic.db, clinic.north.siteId).find(({ aeTitle }) => aeTitle === 'PACS')?.peerId ?? '';
const user = { kind: 'user', id: 'anna' } as const;
/** A study that is here already. */
function aStudy(): Promise<string> {
  return clinic.send([aSlice(1), aSlice(2)]);
}

function commitments() {
  const { db, objects, clock } = clinic.archive;
  const worker = createCommitmentWorker({ db, objects, clock, log: clinic.log, listenMs: 50 });
  open.push(() => worker.stop());
  return worker;
}

test('a peer hears that we answer for its objects once that is on the disk', async () => {
  await aStudy();
  await listening();
  const dataset = {
    TransactionUID: '1.7.1',
    ReferencedSOPSequence: [{ ReferencedSOPClassUID: CT_CLASS, ReferencedSOPInstanceUID: '1.2.10.1.1' }],
  };
  takeCommitmentRequest(clinic.db, {
    ...{ actionTypeId: 1, sopInstanceUid: '1.2.840.10008.1.20.1.1', atMs: clinic.nowMs() },
    ...{ dataset: readBack(dataset), association: clinic.associate('PACS') },
  });
  clinic.pass(1000);
  const worker = commitments();
  expect(await toldBeforeAndAfter(() => worker.notify(), 'commitment-answered', 1)).toEqual([[], ['n-event-report']]);
});

test('an archive is asked to answer for objects once it is on the disk who wants that', async () => {
  const studyId = await aStudy();
  await listening();
  requestCommitment(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, peer: { aeTitle: 'PACS' }, actor: user, atMs: clinic.nowMs() },
  });
  const worker = commitments();
  expect(await toldBeforeAndAfter(() => worker.notify(), 'commitment-requested', 1)).toEqual([[], ['n-action']]);
});

test('a peer is asked what it has once it is on the disk who asks', async () => {
  await listening();
  const who = { siteId: clinic.north.siteId, peerId: pacs(), actor: user };
  const ask = () => queryPeer(clinic.archive, who, { patientName: 'Doe*' });
  expect(await toldBeforeAndAfter(ask, 'search-begun', 1)).toEqual([[], ['c-find']]);
});

test('a study is fetched once it is on the disk who wants it', async () => {
  await listening();
  const worker = createRetrievalWorker(clinic.archive, clinic.log);
  open.push(() => worker.stop());
  worker.start();
  const request = () => {
    requestRetrieval(clinic.db, {
      ...{ siteId: clinic.north.siteId, peerId: pacs(), studyUid: '1.2.10', wantedBy: 'automatic', actor: user },
      ...{ because: 'comparison', atMs: clinic.nowMs() },
    });
    worker.notify();
  };
  expect(await toldBeforeAndAfter(request, 'retrieval-requested', 1)).toEqual([[], ['c-find']]);
});

/** Our own Query/Retrieve, asked by PACS; `meanwhile`: while it searches. */
async function asked(meanwhile: () => void = () => undefined): Promise<DicomServer> {
  const { db, archive } = clinic;
  const server = await startDicomServer<ArchiveAssociation>({
    ...{ host: '127.0.0.1', port: 0, maxAssociations: 8, maxPduLength: 64 * 1024, accepts: DEFAULT_ACCEPTS },
    timeouts: { artimMs: 60_000, idleMs: 60_000, objectMs: 60_000, wholeObjectMs: 60_000 },
    services: queryRetrieveServices({
      ...{ db, objects: archive.objects, clock: archive.clock, writeExplicit: async () => null },
      search: {
        studies: async (siteIds, keys, page) => (meanwhile(), findStudies(db, siteIds, keys, page)),
        series: async (siteIds, keys, page) => findSeries(db, siteIds, keys, page),
        instances: async (siteIds, keys, page) => findInstances(db, siteIds, keys, page),
        outgoing: async (siteIds, keys, limit) => findOutgoing(db, siteIds, keys, limit),
        sopClasses: async (siteIds, studyUid) => listSopClasses(db, siteIds, studyUid),
      },
    }),
    policy: async () => ({ accept: true, correlationId: 'query', context: clinic.associate('PACS') }),
    store: async () => ({ status: 'not-authorized' }),
  });
  open.push(() => server.close(0));
  return server;
}
const at = ({ port }: DicomServer) => ({ host: '127.0.0.1', port, callingAe: 'PACS', calledAe: 'WETREAD' });
const STUDY = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.10' };

test('a match leaves once it is on the disk who asks, and none where there is no room to write that down', async () => {
  await aStudy();
  const server = await asked();
  const find = () =>
    findAt(at(server), SERVICE_CLASSES['study-root-find'], STUDY, { onMatch: () => void told.push('match') });
  expect(await toldBeforeAndAfter(find, 'search-begun', 1)).toEqual([[], ['match']]);
  const disk = openFullDisk(clinic.db, ['events']);
  disk.fill();
  expect(await find()).toMatchObject({ value: { status: 0xa700 } });
  expect(told).toEqual(['match']);
});

test('a match of what came while it was searched for leaves once that is on the disk', async () => {
  await aStudy();
  const { promise: onDisk, resolve: arrive } = Promise.withResolvers<void>();
  const server = await asked(() => durableWith(clinic.db, onDisk));
  const finding = findAt(at(server), SERVICE_CLASSES['study-root-find'], STUDY, {
    onMatch: () => void told.push('match'),
  });
  await eventually(() => expect(clinic.events('search-begun')).toHaveLength(1));
  await pause(200);
  expect(told).toEqual([]);
  arrive();
  expect(await finding).toMatchObject({ value: { status: 0 } });
  expect(told).toEqual(['match']);
});

test.each(['c-get', 'c-move'] as const)('an object leaves by %s once it is on the disk who read it', async (how) => {
  await aStudy();
  const server = await asked();
  const store = async () => (told.push('object'), { status: 'success' } as const);
  const target = await keepingDicomServer({ store });
  open.push(() => target.server.close(0));
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison' },
    { aeTitle: 'VIEWER', address: '', intent: 'comparison', host: '127.0.0.1', port: target.server.port },
  ]);
  const accepts = [{ sopClass: CT_CLASS, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN] }];
  const fetch = () =>
    how === 'c-get'
      ? getFrom(at(server), SERVICE_CLASSES['study-root-get'], STUDY, { accepts, store })
      : moveFrom(at(server), SERVICE_CLASSES['study-root-move'], STUDY, 'VIEWER', {});
  expect(await toldBeforeAndAfter(fetch, 'study-read', 2)).toEqual([[], ['object', 'object']]);
});

function readBack(record: Parameters<typeof encodeDataset>[0]) {
  const read = readDataset(encodeDataset(record), EXPLICIT_LITTLE_ENDIAN);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}
