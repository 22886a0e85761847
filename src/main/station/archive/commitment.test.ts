import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { eventually } from '../../../../test/eventually.ts';
import { findElement, items, number, text } from '../dicom/dataset/values.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { DIMSE_STATUS, type DimseStatus } from '../dicom/dimse/status.ts';
import { openAssociation, type RemoteAe } from '../dicom/open-association.ts';
import { type DicomServer, startDicomServer } from '../dicom/server.ts';
import type { ServiceClass } from '../dicom/server-services.ts';
import { SERVICE_SYNTAXES } from '../dicom/services/ask.ts';
import { type IncomingEvent, nAction, nEventReport, takingEvents } from '../dicom/services/normalized.ts';
import { SERVICE_CLASSES, STORAGE_COMMITMENT_INSTANCE } from '../dicom/services/sop-classes.ts';
import { watchedClock } from '../platform/clock.ts';
import { objectPath } from '../platform/objects/object-store.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, CT_CLASS, OTHER_CLASSES } from '../testing/objects.ts';
import { LIST_DUE_ASKED } from './commitment-asked.ts';
import { LIST_DUE_REQUESTS, LIST_OF_STUDY } from './commitment-requests.ts';
import {
  admitAssociation,
  type ArchiveAssociation,
  type CommitmentWorker,
  configurePeers,
  createCommitmentWorker,
  findArchiveState,
  getObject,
  isHeldElsewhere,
  listCommitmentsOf,
  listInstances,
  listPeers,
  modalityServices,
  noteSentVersions,
  requestCommitment,
} from './index.ts';

const TARGET = { sopClass: SERVICE_CLASSES['storage-commitment-push'], sopInstanceUid: STORAGE_COMMITMENT_INSTANCE };
const CONTEXT = { sopClass: TARGET.sopClass, transferSyntaxes: SERVICE_SYNTAXES };
const TIMEOUTS = { artimMs: 60_000, idleMs: 60_000, objectMs: 60_000, wholeObjectMs: 60_000 };
const sop = (n: number) => `1.2.10.1.${n}`;

/** What a report says: its type, and of each instance 0 or why not. */
type Report = { readonly type: number; readonly transaction: string | null; readonly outcomes: Record<string, number> };

let clinic: Clinic;
let workers: CommitmentWorker[];
let servers: DicomServer[];
beforeEach(() => {
  clinic = openClinic();
  [workers, servers] = [[], []];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all(servers.map((server) => server.close(0)));
  clinic.close();
});

const worker = () => {
  const { db, objects, clock } = clinic.archive;
  const made = createCommitmentWorker({ db, objects, clock, log: clinic.log, listenMs: 300 });
  workers.push(made);
  return made;
};

async function listen<Context>(
  services: readonly ServiceClass<Context>[],
  policy: (callingAe: string) => Context | null,
): Promise<number> {
  const server = await startDicomServer<Context>({
    ...{
      host: '127.0.0.1',
      port: 0,
      maxAssociations: 8,
      timeouts: TIMEOUTS,
      maxPduLength: 16_384,
      accepts: [],
      services,
    },
    policy: async ({ callingAe }) => {
      const context = policy(callingAe);
      return context === null
        ? { accept: false, reason: 'calling-ae-not-recognized' }
        : { accept: true, correlationId: 'c', context };
    },
    store: async () => ({ status: 'success' }),
  });
  servers.push(server);
  return server.port;
}

/** The station's own listener, with the given worker behind it. */
async function station(commitments: CommitmentWorker): Promise<number> {
  let last = 0;
  return listen<ArchiveAssociation>(modalityServices(clinic.archive, commitments), (callingAe) => {
    const caller = { callingAe, calledAe: 'WETREAD', address: '127.0.0.1' };
    const admitted = admitAssociation(clinic.db, caller, `socket-${(last += 1)}`, clinic.nowMs());
    return admitted.ok ? admitted.value : null;
  });
}

/** Makes these the north site's peers: who may call, and where PACS listens. */
function knownPeers(pacsPort: number | null, services: readonly ('store' | 'commit')[] = ['store', 'commit']): void {
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'OTHER', address: '*', intent: 'new' },
    {
      ...{ aeTitle: 'PACS', address: '*', intent: 'comparison', isArchive: true, services },
      ...(pacsPort !== null && { host: '127.0.0.1', port: pacsPort }),
    },
  ]);
}

const readReport = ({ eventTypeId, dataset }: Pick<IncomingEvent, 'eventTypeId' | 'dataset'>): Report => {
  if (dataset === null) throw new Error('a report without a data set');
  const uid = (item: Parameters<typeof text>[0]) => text(item, 'ReferencedSOPInstanceUID') ?? '';
  return {
    ...{ type: eventTypeId, transaction: text(dataset, 'TransactionUID') },
    outcomes: Object.fromEntries([
      ...items(dataset, 'ReferencedSOPSequence').map((item) => [uid(item), 0]),
      ...items(dataset, 'FailedSOPSequence').map((item) => [uid(item), number(item, 'FailureReason') ?? -1]),
    ]),
  };
};

/** A peer that asks us, and listens on the same association for so long. */
async function askUs(
  port: number,
  transaction: string,
  references: readonly (readonly [string, string])[],
  { listenMs = 30_000, callingAe = 'PACS' } = {},
): Promise<{ readonly status: number; readonly report: Report | null }> {
  let report: Report | null = null;
  const remote: RemoteAe = { host: '127.0.0.1', port, callingAe, calledAe: 'WETREAD' };
  const serve = takingEvents(async (event) => {
    report = readReport(event);
    return 'success';
  });
  const opened = await openAssociation(remote, [CONTEXT], serve);
  if (!opened.ok) throw new Error(opened.error.code);
  const information = { TransactionUID: transaction, ReferencedSOPSequence: references.map(referenceOf) };
  const answered = await nAction(opened.value, TARGET, 1, information);
  if (!answered.ok) throw new Error(answered.error.code);
  if (listenMs > 0) {
    // The test's clock stands still: it is moved to where the report is due.
    clinic.pass(1000);
    workers.at(-1)?.notify();
    await opened.value.listen(listenMs, () => report !== null);
  }
  await opened.value.release();
  return { status: answered.value.status, report };
}
const referenceOf = ([ReferencedSOPClassUID, ReferencedSOPInstanceUID]: readonly [string, string]) => ({
  ...{ ReferencedSOPClassUID, ReferencedSOPInstanceUID },
});

/** A peer that is asked: it answers N-ACTION with a status and then does what it is told to. */
async function archive(
  status: DimseStatus,
  onAsked: (
    transaction: string,
    uids: readonly string[],
    report: (information: DicomRecord, type: 1 | 2) => Promise<number>,
  ) => unknown = () => null,
  more: readonly ServiceClass<object>[] = [],
): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const commitment: ServiceClass<object> = {
    sopClass: TARGET.sopClass,
    action: async ({ dataset, reportEvent }) => {
      if (dataset === null) return { status: 'invalid-argument-value' };
      const transaction = text(dataset, 'TransactionUID') ?? '';
      asked.push(transaction);
      const uids = items(dataset, 'ReferencedSOPSequence').map((item) => text(item, 'ReferencedSOPInstanceUID') ?? '');
      setTimeout(() => {
        void onAsked(transaction, uids, async (information, eventTypeId) => {
          const answered = await reportEvent({ sopInstanceUid: STORAGE_COMMITMENT_INSTANCE, eventTypeId, information });
          return answered.ok ? (answered.value.status ?? -1) : -2;
        });
      }, 20);
      return { status };
    },
  };
  const port = await listen<object>([commitment, ...more], () => ({}));
  return { port, asked };
}

/** The archive's report over an association of its own, to us. */
async function reportTo(port: number, information: DicomRecord, type: 1 | 2, callingAe = 'PACS'): Promise<number> {
  const remote = { host: '127.0.0.1', port, callingAe, calledAe: 'WETREAD' };
  const opened = await openAssociation(remote, [{ ...CONTEXT, roles: { scu: false, scp: true } }]);
  if (!opened.ok) throw new Error(opened.error.code);
  const answered = await nEventReport(opened.value, TARGET, type, information);
  await opened.value.release();
  if (!answered.ok) throw new Error(answered.error.code);
  return answered.value.status;
}

const succeeded = (transaction: string, uids: readonly string[]): DicomRecord => ({
  TransactionUID: transaction,
  ReferencedSOPSequence: uids.map((uid) => referenceOf([CT_CLASS, uid])),
});
/** Waits until it is so, telling a worker again and again that something may be due: one that is busy passes that over. */
const until = (isSo: () => boolean, line?: CommitmentWorker) =>
  eventually(() => {
    line?.notify();
    expect(isSo()).toBe(true);
  });
const owe = (studyId: string) =>
  requestCommitment(clinic.db, {
    ...{ siteId: clinic.north.siteId, studyId, peer: { aeTitle: 'PACS' }, atMs: clinic.nowMs() },
    actor: { kind: 'user', id: 'u' },
  });
const card = (studyId: string) => listCommitmentsOf(clinic.db, studyId)[0];

const BUSY = ['LIST SUBQUERY 1', 'SCAN json_each VIRTUAL TABLE INDEX 1:', 'CREATE BLOOM FILTER'];

test('finds what is due, and what is about a study, by index', () => {
  expect(planOf(clinic.db, LIST_DUE_ASKED)).toEqual([
    'SEARCH commitment_asked_of_us USING INDEX commitment_asked_of_us_open (due_at_ms<?)',
    ...BUSY,
  ]);
  expect(planOf(clinic.db, LIST_DUE_REQUESTS)).toEqual([
    'SEARCH commitment_requests USING INDEX commitment_requests_open (due_at_ms<?)',
    ...BUSY,
  ]);
  expect(planOf(clinic.db, LIST_OF_STUDY)[0]).toContain('commitment_requests_by_study (study_id=?)');
});

test('answers for what is stored and whole, over the association of the question, and says of the rest why not', async () => {
  knownPeers(null);
  const id = await clinic.send([1, 2, 3, 4].map((n) => aSlice(n)));
  // Of one another object is set aside, one is damaged, and one was never here.
  const again = clinic.associate('CT1');
  await clinic.receive(again, aSlice(3, { PixelData: new Uint16Array(16).fill(99) }));
  clinic.end(again);
  const damaged = listInstances(clinic.db, id).find(({ sopUid }) => sopUid === sop(4));
  const { digest, encoding } = getObject(clinic.db, damaged?.digest ?? '');
  writeFileSync(objectPath(clinic.objectsDir, digest, encoding), Buffer.alloc(4000));
  const line = worker();
  const { status, report } = await askUs(await station(line), '1.7.1', [
    ...[1, 3, 4, 5].map((n) => [CT_CLASS, sop(n)] as const),
    [OTHER_CLASSES.mr, sop(2)],
  ]);
  expect([status, report]).toEqual([
    0,
    {
      ...{ type: 2, transaction: '1.7.1' },
      outcomes: { [sop(1)]: 0, [sop(2)]: 0x0119, [sop(3)]: 0x0110, [sop(4)]: 0x0110, [sop(5)]: 0x0112 },
    },
  ]);
  await until(() => clinic.events('commitment-report-ended').length === 1);
  expect(clinic.events('commitment-answered').map(({ payload }) => [payload.committed, payload.failed])).toEqual([
    [1, 4],
  ]);
});

test('reports over an association of its own to who hung up, after a restart and once the peer is there again', async () => {
  await clinic.send([1, 2].map((n) => aSlice(n)));
  const reports: Report[] = [];
  const hears: ServiceClass<object> = {
    sopClass: TARGET.sopClass,
    eventReport: async (event) => {
      reports.push(readReport(event));
      return { status: 'success' };
    },
  };
  const away = await listen<object>([hears], () => ({}));
  await servers.pop()?.close(0);
  knownPeers(away);
  const port = await station(worker()); // never started, as if killed after its answer
  const { status } = await askUs(
    port,
    '1.7.2',
    [1, 2].map((n) => [CT_CLASS, sop(n)] as const),
    { listenMs: 0 },
  );
  expect(status).toBe(0);
  clinic.pass(1000);
  const next = worker();
  await until(() => clinic.logged().includes('commitment-report-undelivered'), next);
  await pause(50);
  knownPeers(await listen<object>([hears], () => ({})));
  next.notify();
  await pause(50);
  expect(reports).toEqual([]); // it is not yet time again
  clinic.pass(10_000);
  await until(() => clinic.events('commitment-report-ended').length === 1, next);
  expect(reports).toEqual([{ type: 1, transaction: '1.7.2', outcomes: { [sop(1)]: 0, [sop(2)]: 0 } }]);
  clinic.pass(DAY_MS);
  next.notify();
  await pause(50);
  expect(reports).toHaveLength(1);
});

test('a question asked again is answered again; its Transaction UID for other instances, a stranger to it, and nonsense are refused', async () => {
  knownPeers(null);
  await clinic.send([1, 2].map((n) => aSlice(n)));
  const port = await station(worker());
  const ask = async (n: number, more = {}) => (await askUs(port, '1.7.3', [[CT_CLASS, sop(n)]], more)).status;
  expect([await ask(1, { listenMs: 0 }), await ask(1, { listenMs: 0 }), await ask(2, { listenMs: 0 })]).toEqual([
    ...[0, 0, 0x0131],
  ]);
  expect((await askUs(port, '1.7.3', [[CT_CLASS, sop(1)]])).report).toMatchObject({ outcomes: { [sop(1)]: 0 } });
  expect((await askUs(port, '1.7.4', [], { listenMs: 0 })).status).toBe(0x0115);
  knownPeers(null, ['store']);
  expect(await ask(1, { listenMs: 0 })).toBe(DIMSE_STATUS['not-authorized']);
});

test('what an archive answers for over the association of our question is proven to be held by it', async () => {
  const id = await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const { port, asked } = await archive('success', (transaction, uids, report) =>
    report(succeeded(transaction, uids), 1),
  );
  knownPeers(port);
  expect(owe(id)).toMatchObject({ ok: true });
  expect([card(id)?.state, isHeldElsewhere(clinic.db, id)]).toEqual(['owed', false]);
  await until(() => card(id)?.state === 'settled', worker());
  expect(card(id)).toMatchObject({ source: 'commitment', instances: 3, committed: 3, failed: 0, peerAe: 'PACS' });
  expect([asked.length, isHeldElsewhere(clinic.db, id)]).toEqual([1, true]);
});

test('an archive may answer later, over its own association and to a station that was restarted; once, and only the one asked', async () => {
  const id = await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const { port, asked } = await archive('success');
  knownPeers(port);
  owe(id);
  const before = worker();
  await until(() => card(id)?.state === 'asked', before);
  await before.stop();
  const own = await station(worker());
  const information = {
    TransactionUID: asked[0] ?? '',
    ReferencedSOPSequence: [referenceOf([CT_CLASS, sop(1)])],
    FailedSOPSequence: [{ ...referenceOf([CT_CLASS, sop(2)]), FailureReason: 0x0213 }],
  };
  expect(await reportTo(own, information, 2, 'OTHER')).toBe(0x0115);
  expect(await reportTo(own, { ...information, TransactionUID: '1.7.99' }, 2)).toBe(0x0115);
  expect(card(id)?.state).toBe('asked');
  expect(await reportTo(own, information, 2)).toBe(0);
  // What it did not mention it does not answer for.
  expect(card(id)).toMatchObject({ state: 'settled', source: 'commitment', committed: 1, failed: 2 });
  expect(isHeldElsewhere(clinic.db, id)).toBe(false);
  expect(await reportTo(own, succeeded(asked[0] ?? '', [sop(1), sop(2), sop(3)]), 1)).toBe(0);
  expect(card(id)).toMatchObject({ committed: 1, failed: 2 });
  expect(clinic.events('commitment-settled')).toHaveLength(1);
});

/** An archive that knows these by C-FIND. */
const knowing = (...uids: readonly string[]): ServiceClass<object> => ({
  sopClass: SERVICE_CLASSES['study-root-find'],
  async *find(identifier) {
    expect(text(identifier, 'QueryRetrieveLevel')).toBe('IMAGE');
    for (const SOPInstanceUID of uids)
      yield { identifier: { QueryRetrieveLevel: 'IMAGE', SOPInstanceUID, InstanceAvailability: 'NEARLINE' } };
    return { status: 'success' };
  },
});

test.each<[string, DimseStatus, number]>([
  ['never answers', 'success', DAY_MS],
  ['refuses the question', 'sop-class-not-supported', 0],
])('an archive that %s is asked by a query instead', async (_what, status, afterMs) => {
  const id = await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const { port, asked } = await archive(status, undefined, [knowing(sop(1), sop(2), sop(9))]);
  knownPeers(port);
  owe(id);
  const line = worker();
  await until(() => card(id)?.state === 'asked', line);
  clinic.pass(Math.max(0, afterMs - 1));
  await pause(400);
  if (afterMs > 0) {
    line.notify();
    await pause(100);
    expect(card(id)?.state).toBe('asked');
  }
  clinic.pass(1);
  await until(() => card(id)?.state === 'settled', line);
  expect(card(id)).toMatchObject({ source: 'query', committed: 2, failed: 1 });
  expect(asked).toHaveLength(1);
});

test('what waits to be asked or told moves with the clock when somebody sets it', async () => {
  const id = await clinic.send([1, 2].map((n) => aSlice(n)));
  const { port } = await archive('success', undefined, [knowing(sop(1), sop(2))]);
  knownPeers(port);
  owe(id);
  let steadyMs = 0;
  const clock = watchedClock(clinic.nowMs, () => steadyMs);
  const line = createCommitmentWorker({ ...clinic.archive, clock, log: clinic.log, listenMs: 100 });
  workers.push(line);
  line.start();
  await until(() => card(id)?.state === 'asked');
  await pause(200);
  clinic.pass(-3_600_000); // set back an hour: the day it waits for an answer is not an hour longer
  clock.nowMs();
  clinic.pass(DAY_MS);
  steadyMs += DAY_MS;
  await until(() => card(id)?.state === 'settled', line);
  expect(card(id)).toMatchObject({ source: 'query', committed: 2 });
});

test('an archive that is not there is asked again, after pauses that grow; one nowhere to be called is not asked at all', async () => {
  const id = await clinic.send([1, 2].map((n) => aSlice(n)));
  const { port } = await archive('success');
  await servers.pop()?.close(0);
  knownPeers(null);
  expect(owe(id)).toEqual({ ok: false, error: { code: 'peer-not-callable' } });
  knownPeers(port);
  owe(id);
  const line = worker();
  for (const attempts of [1, 2]) {
    await until(() => card(id)?.attempts === attempts, line);
    expect(card(id)).toMatchObject({ state: 'owed', code: 'cannot-connect' });
    await pause(30);
    line.notify();
    await pause(30);
    expect(card(id)?.attempts).toBe(attempts);
    clinic.pass(5000 * attempts);
  }
  const up = await archive('success', (transaction, uids, report) => report(succeeded(transaction, uids), 1));
  knownPeers(up.port);
  await until(() => card(id)?.state === 'settled', line);
  expect(isHeldElsewhere(clinic.db, id)).toBe(true);
});

test('a query proves only what the archive says it can give', async () => {
  const id = await clinic.send([1, 3, 4].map((n) => aSlice(n)));
  const says: readonly (readonly [number, DicomRecord])[] = [
    [1, { InstanceAvailability: 'ONLINE' }],
    [3, { InstanceAvailability: 'OFFLINE' }],
    [4, {}],
  ];
  const query: ServiceClass<object> = {
    sopClass: SERVICE_CLASSES['study-root-find'],
    async *find(identifier) {
      expect(findElement(identifier, 'InstanceAvailability')).not.toBeNull();
      for (const [n, more] of says) yield { identifier: { SOPInstanceUID: sop(n), ...more } };
      return { status: 'success' };
    },
  };
  const { port } = await archive('sop-class-not-supported', undefined, [query]);
  knownPeers(port);
  owe(id);
  const line = worker();
  line.start();
  await until(() => card(id)?.state === 'settled');
  expect(card(id)).toMatchObject({ source: 'query', committed: 1, failed: 2 });
  expect(proven()).toEqual([sop(1)]);
});

const proven = () => clinic.db.prepare('SELECT sop_uid FROM archive_proofs ORDER BY 1').pluck().all();
/** The current version of the second object, as one that a peer took from us. */
const takenAsIs = (studyId: string) => {
  const current = listInstances(clinic.db, studyId).find(({ sopUid }) => sopUid === sop(2));
  return new Map([
    [sop(1), { digest: 'another', correctedAtMs: null }],
    [sop(2), { digest: current?.digest ?? '', correctedAtMs: null }],
  ]);
};
/** How it comes that there are two versions of the second object, the later one current, and which of the two is known to be there. */
type TwoVersions = {
  readonly what: string;
  readonly from: readonly ['CT1' | 'PACS', 'CT1' | 'PACS'];
  readonly isTaken: boolean;
  /** Whether the earlier one left for the archive. */
  readonly left?: boolean;
  readonly proves: readonly string[];
};
const TWO_VERSIONS: readonly TwoVersions[] = [
  { what: 'never one of several versions', from: ['CT1', 'CT1'], isTaken: false, proves: [sop(1)] },
  { what: 'of several the one that it took from us', from: ['CT1', 'CT1'], isTaken: true, proves: [sop(1), sop(2)] },
  { what: 'not even that one where it had another', from: ['PACS', 'CT1'], isTaken: true, proves: [sop(1)] },
  { what: 'nor where another left for it before', from: ['CT1', 'CT1'], isTaken: true, left: true, proves: [sop(1)] },
  { what: 'of several the one that it sent last', from: ['CT1', 'PACS'], isTaken: false, proves: [sop(1), sop(2)] },
];
const SOURCES = [
  ['commitment', 'success'],
  ['query', 'sop-class-not-supported'],
] as const;

test.each(SOURCES.flatMap(([source, status]) => TWO_VERSIONS.map((row) => ({ ...row, source, status }))))(
  'the word of an archive for a UID ($source) proves $what',
  async ({ source, status, from, isTaken, left = false, proves }) => {
    const id = await clinic.send(
      [1, 2].map((n) => aSlice(n)),
      from[0],
    );
    const former = listInstances(clinic.db, id).filter(({ sopUid }) => sopUid === sop(2));
    await clinic.send([aSlice(2, { PatientWeight: '70' })], from[1]); // another version of the same pixels
    const { port } = await archive(status, (transaction, uids, report) => report(succeeded(transaction, uids), 1), [
      knowing(sop(1), sop(2)),
    ]);
    knownPeers(port);
    const peers = listPeers(clinic.db, clinic.north.siteId).filter(
      ({ aeTitle }) => aeTitle === (left ? 'PACS' : 'CT1'),
    );
    for (const { siteId, peerId } of peers) noteSentVersions(clinic.db, { siteId, peerId, versions: former });
    const taken = takenAsIs(id);
    requestCommitment(clinic.db, {
      ...{ siteId: clinic.north.siteId, studyId: id, peer: { aeTitle: 'PACS' }, atMs: clinic.nowMs() },
      ...{ actor: { kind: 'user', id: 'u' }, ...(isTaken && { taken }) },
    });
    await until(() => card(id)?.state === 'settled', worker());
    expect(card(id)).toMatchObject({ source, committed: proves.length, failed: 2 - proves.length });
    expect(proven()).toEqual(proves);
    const isAll = proves.length === 2;
    expect([isHeldElsewhere(clinic.db, id), findArchiveState(clinic.db, id)]).toEqual([
      isAll,
      isAll ? 'committed' : 'not-yet',
    ]);
  },
);

test.each(['held', 'discarded', 'released'] as const)(
  'the word of an archive for a UID under which another object is %s says which it means only once that was let in',
  async (state) => {
    const id = await clinic.send([1, 2].map((n) => aSlice(n)));
    await clinic.receive(clinic.associate(), aSlice(2, { PixelData: new Uint16Array(16).fill(99) }));
    expect(clinic.events('instance-quarantined')).toHaveLength(1);
    clinic.db.prepare('UPDATE quarantine SET state = ?, settled_at_ms = ?').run(state, state === 'held' ? null : 1);
    const { port } = await archive('success', (transaction, uids, report) => report(succeeded(transaction, uids), 1));
    knownPeers(port);
    owe(id);
    await until(() => card(id)?.state === 'settled', worker());
    expect(proven()).toEqual(state === 'released' ? [sop(1), sop(2)] : [sop(1)]);
  },
);

test.each([
  ['denies one of them', 'success', [], [sop(1)]],
  ['does not find it when it is queried', 'sop-class-not-supported', [knowing(sop(1))], [sop(1)]],
  ['refuses the query', 'sop-class-not-supported', [], [sop(1), sop(2)]],
] as const)(
  'what an archive answered for counts no more once it %s, and counts again when it does',
  async (_what, later, finds, counts) => {
    const id = await clinic.send([1, 2].map((n) => aSlice(n)));
    const willing = await archive('success', (transaction, uids, report) => report(succeeded(transaction, uids), 1));
    const askedAgain = async (port: number) => {
      knownPeers(port);
      clinic.pass(1);
      const owed = owe(id);
      if (!owed.ok) throw new Error(owed.error.code);
      const line = worker();
      await until(() => listCommitmentsOf(clinic.db, id).every(({ state }) => state === 'settled'), line);
    };
    await askedAgain(willing.port);
    expect(isHeldElsewhere(clinic.db, id)).toBe(true);
    const denying = await archive(
      later,
      (TransactionUID, _uids, report) =>
        report(
          {
            ...succeeded(TransactionUID, [sop(1)]),
            FailedSOPSequence: [{ ...referenceOf([CT_CLASS, sop(2)]), FailureReason: 0x0112 }],
          },
          2,
        ),
      finds,
    );
    await askedAgain(denying.port);
    expect(counting()).toEqual(counts);
    expect(isHeldElsewhere(clinic.db, id)).toBe(counts.length === 2);
    await askedAgain(willing.port);
    expect(counting()).toEqual([sop(1), sop(2)]);
  },
);

const counting = () =>
  clinic.db.prepare('SELECT sop_uid FROM archive_proofs WHERE withdrawn_at_ms IS NULL ORDER BY 1').pluck().all();

test('a peer that does not answer holds up no other, however much is due with it', async () => {
  const hanging = net.createServer().listen(0, '127.0.0.1');
  try {
    await once(hanging, 'listening');
    const prompt = await archive('success', (transaction, uids, report) => report(succeeded(transaction, uids), 1));
    configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
      { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
      ...[
        { aeTitle: 'DEAD', port: (hanging.address() as net.AddressInfo).port },
        { aeTitle: 'PACS', port: prompt.port },
      ].map((peer) => ({ ...peer, address: '*', intent: 'comparison', isArchive: true, host: '127.0.0.1' }) as const),
    ]);
    const id = await clinic.send([1, 2].map((n) => aSlice(n)));
    const oweTo = (aeTitle: string) =>
      requestCommitment(clinic.db, {
        ...{ siteId: clinic.north.siteId, studyId: id, peer: { aeTitle }, atMs: clinic.nowMs() },
        actor: { kind: 'user', id: 'u' },
      });
    const line = worker();
    oweTo('DEAD');
    line.notify();
    await once(hanging, 'connection');
    for (let more = 0; more < 20; more += 1) oweTo('DEAD');
    clinic.pass(1);
    oweTo('PACS');
    line.notify();
    const settled = () =>
      listCommitmentsOf(clinic.db, id).flatMap(({ peerAe, state }) => (state === 'settled' ? [peerAe] : []));
    await until(() => settled().length > 0);
    expect(settled()).toEqual(['PACS']);
  } finally {
    hanging.close();
  }
});
