import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { type KeepingServer, keepingDicomServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import type { ServiceClass } from '../dicom/server-services.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { objectPath } from '../platform/objects/object-store.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, CT_CLASS, textOf } from '../testing/objects.ts';
import { LIST_ASKED } from './fetch-again.ts';
import { IS_SET_ASIDE } from './fetch-study.ts';
import {
  configurePeers,
  countLetGo,
  createCacheKeeper,
  createRefetcher,
  createRetrievalWorker,
  fileQuarantined,
  findInstance,
  getObject,
  getStudyCard,
  isHere,
  listDamaged,
  listHolders,
  listPeers,
  listQuarantine,
  listRetrievals,
  recallStudy,
  recordProof,
  refetchDamaged,
  type RetrievalWorker,
} from './index.ts';
import { reportDamage } from './integrity.ts';
import { claimRetrieval, nextRetrieval, postponeRetrieval } from './retrievals.ts';

const STUDY = '1.2.10';
const records = [1, 2, 3].map((n) => aSlice(n));
const uids = records.map((record) => textOf(record, 'SOPInstanceUID'));
const USER = { kind: 'user', id: 'anna' } as const;

let clinic: Clinic;
let studyId: string;
let worker: RetrievalWorker;
let peers: KeepingServer[];
beforeEach(async () => {
  clinic = openClinic();
  peers = [];
  worker = createRetrievalWorker(clinic.archive, clinic.log);
  studyId = await clinic.send(records);
});
afterEach(async () => {
  await worker.stop();
  await Promise.all(peers.map(({ server }) => server.close(0)));
  clinic.close();
});

/** A peer that has these, and gives them by C-GET. */
async function serve(has: readonly ReturnType<typeof aSlice>[]): Promise<number> {
  const find: ServiceClass<string> = {
    sopClass: SERVICE_CLASSES['study-root-find'],
    async *find() {
      if (has.length > 0)
        yield {
          identifier: {
            ...{ StudyInstanceUID: STUDY, NumberOfStudyRelatedInstances: String(has.length) },
            SOPClassesInStudy: [CT_CLASS],
          },
        };
      return { status: 'success' };
    },
  };
  const get: ServiceClass<string> = {
    sopClass: SERVICE_CLASSES['study-root-get'],
    get: async () => ({
      instances: has.map((record) => ({
        sopClassUid: CT_CLASS,
        sopInstanceUid: textOf(record, 'SOPInstanceUID'),
        transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
        dataSet: () => [encodeDataset(record)],
      })),
    }),
  };
  const peer = await keepingDicomServer({ services: [find, get] });
  peers.push(peer);
  return peer.server.port;
}

function configure(...rows: readonly (readonly [aeTitle: string, port: number, isArchive: boolean])[]): void {
  configurePeers(
    clinic.db,
    clinic.north.siteId,
    'WETREAD',
    rows.map(([aeTitle, port, isArchive]) => ({
      ...{ aeTitle, address: '', intent: 'comparison' as const, host: '127.0.0.1', port, isArchive },
    })),
  );
}
const digestOf = (sopUid: string) => findInstance(clinic.db, clinic.north.siteId, sopUid)?.digest ?? '';
const refetcher = () => createRefetcher(clinic.archive, [clinic.north.siteId], worker.notify, clinic.log);
const asked = () =>
  listRetrievals(clinic.db, clinic.north.siteId, 10).map(({ peerId, because, state, code }) => [
    listPeers(clinic.db, clinic.north.siteId).find((peer) => peer.peerId === peerId)?.aeTitle,
    because,
    state,
    code,
  ]);
const recall = () =>
  recallStudy(clinic.db, { siteId: clinic.north.siteId, studyId, actor: USER, atMs: clinic.nowMs() });

function damage(sopUid: string): void {
  const digest = digestOf(sopUid);
  const { encoding } = getObject(clinic.db, digest);
  rmSync(objectPath(clinic.objectsDir, digest, encoding));
  const holders = listHolders(clinic.db, [digest]);
  reportDamage(clinic.db, { digest, encoding, condition: 'missing', holders, atMs: clinic.nowMs() });
}

async function letGo(): Promise<void> {
  const [archive] = listPeers(clinic.db, clinic.north.siteId);
  const instances = uids.map((sopUid) => ({ sopUid }));
  recordProof(clinic.db, {
    ...{ siteId: clinic.north.siteId, peerId: archive?.peerId ?? '', source: 'commitment', instances },
    atMs: clinic.nowMs(),
  });
  clinic.pass(3_600_000);
  clinic.runJobs();
  const keeper = createCacheKeeper({
    ...{ db: clinic.db, objects: clinic.archive.objects, clock: clinic.archive.clock, log: clinic.log },
    sites: [
      {
        siteId: clinic.north.siteId,
        cache: { keepDays: 0 },
        keepDiscardedDays: 30,
        keepRecordsDays: 90,
        retention: [],
      },
    ],
    disk: { state: 'enough' },
    isOpen: () => false,
    measure: async () => ({ bytes: 0, studies: 0, evicted: 0 }),
    preview: async () => ({ studies: [], next: null }),
    listDiscarded: async () => ({ digests: [], asOfMs: 0 }),
    listOldRecords: async () => ({ stepIds: [], noticeIds: [], importIds: [] }),
  });
  await keeper.runOnce();
  await keeper.stop();
}

test('what is damaged is asked of the archive, and whole again byte for byte', async () => {
  configure(['ARCHIVE', await serve(records), true]);
  damage(uids[1] ?? '');
  worker.start();
  expect(refetcher().runOnce()).toBe(1);
  expect(refetcher().runOnce()).toBe(0);
  await eventually(() => expect(asked()).toEqual([['ARCHIVE', 'damaged-here', 'done', null]]));
  expect(listDamaged(clinic.db, clinic.north.siteId)).toEqual([]);
  const { digest, encoding, bodyOffset } = getObject(clinic.db, digestOf(uids[1] ?? ''));
  const whole = await clinic.archive.objects.read(digest, encoding);
  expect(
    Buffer.from(whole)
      .subarray(bodyOffset)
      .equals(encodeDataset(records[1] ?? {})),
  ).toBe(true);
  expect(clinic.events('object-healed')).toHaveLength(1);
  expect(refetcher().runOnce()).toBe(0);
});

test('another header of what is damaged waits for a person, who may put it in its place', async () => {
  const { db, north, archive } = clinic;
  configurePeers(db, north.siteId, 'WETREAD', [{ aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' }]);
  damage(uids[0] ?? '');
  expect(await clinic.receive(clinic.associate(), aSlice(1, { InstitutionName: 'North Clinic' }))).toEqual(['success']);
  const row = listQuarantine(db, north.siteId, { state: 'held', limit: 9 }).find(
    ({ reason }) => reason === 'same-uid-other-pixels',
  );
  const settling = { siteId: north.siteId, quarantineId: row?.quarantineId ?? '', actor: USER, atMs: clinic.nowMs() };
  expect(await fileQuarantined(archive, { ...settling, release: 'as-current-version' })).toMatchObject({ ok: true });
  expect([digestOf(uids[0] ?? '') === row?.digest, countLetGo(db, studyId)]).toEqual([true, 0]);
});

test('one peer after the other is asked, archives first, each once a day', async () => {
  configure(['CT1', await serve([]), false], ['ZARCHIVE', await serve([]), true]);
  damage(uids[0] ?? '');
  worker.start();
  const looks = refetcher();
  for (const count of [1, 2]) {
    expect(looks.runOnce()).toBe(1);
    await eventually(() => expect(asked().filter(([, , state]) => state === 'failed')).toHaveLength(count));
    clinic.pass(60_000);
  }
  expect(asked().map(([title]) => title)).toEqual(['CT1', 'ZARCHIVE']);
  expect(looks.runOnce()).toBe(0);
  clinic.pass(24 * 3_600_000);
  expect(looks.runOnce()).toBe(1);
  await eventually(() => expect(asked()[0]).toEqual(['ZARCHIVE', 'damaged-here', 'failed', 'study-not-at-peer']));
});

test.each(['damaged-here', 'let-go-here'] as const)(
  'a person who fetches what is %s does not wait for the next attempt of a retrieval that failed; a service does',
  async (because) => {
    configure(['ARCHIVE', await serve(records), true]);
    if (because === 'damaged-here') damage(uids[0] ?? '');
    else await letGo();
    const fetch = () => {
      const by = { siteId: clinic.north.siteId, studyId, actor: USER, atMs: clinic.nowMs() };
      return because === 'damaged-here' ? refetchDamaged(clinic.db, by) : recallStudy(clinic.db, by);
    };
    const first = fetch();
    if (!first.ok) throw new Error(first.error.code);
    const { retrievalId } = first.value;
    claimRetrieval(clinic.db, retrievalId, clinic.nowMs());
    postponeRetrieval(clinic.db, retrievalId, 'peer-unreachable', clinic.nowMs(), clinic.nowMs() + 90_000);
    const dueInMs = () => (nextRetrieval(clinic.db)?.dueAtMs ?? 0) - clinic.nowMs();
    expect([refetcher().runOnce(), dueInMs()]).toEqual([0, 90_000]);
    expect(fetch()).toMatchObject({ ok: true, value: { retrievalId } });
    expect(dueInMs()).toBe(0);
    worker.start();
    await eventually(() => expect(asked()).toEqual([['ARCHIVE', because, 'done', null]]));
  },
);

test('a study that was let go comes back on a person’s word, from who is known to hold it', async () => {
  expect(recall()).toEqual({ ok: false, error: { code: 'study-is-here' } });
  configure(['ARCHIVE', await serve(records), true]);
  await letGo();
  expect([countLetGo(clinic.db, studyId), isHere(clinic.db, digestOf(uids[0] ?? ''))]).toEqual([3, false]);
  const first = recall();
  expect(first).toMatchObject({ ok: true, value: { because: 'let-go-here', state: 'queued' } });
  expect(recall()).toEqual(first);
  worker.start();
  await eventually(() => expect(asked()).toEqual([['ARCHIVE', 'let-go-here', 'done', null]]));
  expect(countLetGo(clinic.db, studyId)).toBe(0);
  expect(uids.every((uid) => isHere(clinic.db, digestOf(uid)))).toBe(true);
});

test.each<[string, DicomRecord, string, string | null, number]>([
  ['another header comes back, for its pixels are known', { InstitutionName: 'North Clinic' }, 'done', null, 0],
  [
    'other pixels is set aside, and not called done',
    { PixelData: new Uint16Array(16).fill(9) },
    'failed',
    'set-aside-here',
    1,
  ],
])('what an archive gives back with %s', async (_what, changes, state, code, away) => {
  configure(['ARCHIVE', await serve([aSlice(1, changes), ...records.slice(1)]), true]);
  await letGo();
  recall();
  worker.start();
  await eventually(() => expect(asked()).toEqual([['ARCHIVE', 'let-go-here', state, code]]));
  expect(countLetGo(clinic.db, studyId)).toBe(away);
});

const completions = () => clinic.events('study-completed').length;

test.each<[string, readonly [string, string], DicomRecord, number]>([
  ['all with the archive’s own attributes', ['complete', 'let-go'], { InstitutionName: 'North Clinic' }, 0],
  [
    'because of one that was damaged, the others with them',
    ['complete', 'damaged'],
    { InstitutionName: 'North Clinic' },
    0,
  ],
  ['them placed elsewhere', ['receiving', 'let-go'], { ImagePositionPatient: ['7', '7', '7'] }, 1],
])(
  'a study fetched back, %s: completed anew only where an image is another',
  async (_what, [state, how], changes, anew) => {
    configure([
      'ARCHIVE',
      await serve([1, 2, 3].map((n) => aSlice(n, how === 'damaged' && n === 1 ? {} : changes))),
      true,
    ]);
    if (how === 'let-go') await letGo();
    else damage(uids[0] ?? '');
    clinic.pass(3_600_000);
    clinic.runJobs();
    const card = () => getStudyCard(clinic.db, studyId);
    const [before, { completeRevision, revision }] = [completions(), card()];
    const by = { siteId: clinic.north.siteId, studyId, actor: USER, atMs: clinic.nowMs() };
    expect(how === 'let-go' ? recall() : refetchDamaged(clinic.db, by)).toMatchObject({ ok: true });
    worker.start();
    await eventually(() => expect(asked()[0]?.slice(2)).toEqual(['done', null]));
    expect([card().revision > revision, listDamaged(clinic.db, clinic.north.siteId)]).toEqual([true, []]);
    if (state === 'complete') expect(card()).toMatchObject({ completeRevision });
    clinic.pass(3_600_000);
    clinic.runJobs();
    expect(completions() - before).toBe(anew);
  },
);

test('an archive that gives back fewer than were let go has not given them back', async () => {
  configure(['ARCHIVE', await serve(records.slice(1)), true]);
  await letGo();
  recall();
  worker.start();
  await eventually(() => expect(asked()).toEqual([['ARCHIVE', 'let-go-here', 'failed', 'some-missing']]));
});

test('what was set aside of a study is found by its index', () => {
  const plan = planOf(clinic.db, IS_SET_ASIDE).join('\n');
  expect(plan).toContain('quarantine_by_study');
  expect(plan).not.toMatch(/SCAN (?!.?CTE|CONSTANT)/i);
});

test('where no archive can be called any more, it says so', async () => {
  configure(['ARCHIVE', 1, true]);
  await letGo();
  configure();
  expect(recall()).toEqual({ ok: false, error: { code: 'no-archive-to-ask' } });
  expect(recallStudy(clinic.db, { siteId: clinic.south.siteId, studyId, actor: USER, atMs: 0 })).toEqual({
    ...{ ok: false, error: { code: 'study-not-found' } },
  });
});

test('what was asked before is found by its index', () => {
  const plan = planOf(clinic.db, LIST_ASKED).join('\n');
  expect(plan).toContain('retrievals_by_study');
  expect(plan).not.toContain('TEMP B-TREE');
});
