import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceActor } from '../platform/ledger/event.ts';
import { openObjectStore } from '../platform/objects/object-store.ts';
import { findObject, isExpected } from '../platform/objects/records.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { evictStudy, FIND_OTHER_USE, type FreedFiles, isHere, LIST_KEPT_BY_AGE, listKeptByAge } from './eviction.ts';
import { describeQuarantined } from './describe-quarantined.ts';
import { fileQuarantined } from './file-quarantined.ts';
import { listChangesOf } from './identity-changes.ts';
import { findArchiveState, listRequested, requestCommitment } from './commitment-requests.ts';
import { listInstancesByStudy } from './find-studies.ts';
import { FIND_UNPROVEN, isHeldElsewhere, type Proof, recordProof } from './held-elsewhere.ts';
import { holderOf, listHolds, personBehind, placeHold, releaseHold } from './holds.ts';
import { configurePeers, listPeers } from './peers.ts';
import { listQuarantine } from './list-quarantine.ts';
import { moveStudy } from './move-study.ts';
import { previewEviction } from './preview-eviction.ts';
import { quarantineObject } from './quarantine.ts';
import { listInstances } from './queries.ts';
import { discardQuarantined } from './settle-quarantined.ts';
import { splitStudy } from './split-study.ts';
import { undoIdentityChange } from './undo-identity-change.ts';

let clinic: Clinic;
let studyId: string;
const SLICES = [1, 2, 3].map((n) => aSlice(n));
beforeEach(async () => {
  clinic = openClinic();
  const { db, north } = clinic;
  configurePeers(db, north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison', isArchive: true, host: '127.0.0.1', port: 104 },
  ]);
  studyId = await clinic.send(SLICES, 'PACS');
  comeToAnEnd();
});
afterEach(() => clinic.close());

/** No more of any study follows. */
function comeToAnEnd(): void {
  clinic.pass(3_600_000);
  clinic.runJobs();
}
const peerId = (aeTitle: string) =>
  listPeers(clinic.db, clinic.north.siteId).find((peer) => peer.aeTitle === aeTitle)?.peerId ?? '';
const uids = () => listInstances(clinic.db, studyId).map(({ sopUid }) => ({ sopUid }));
function prove(instances: Proof['instances'] = uids(), by = 'PACS'): number {
  const { db, north } = clinic;
  return recordProof(db, {
    ...{ siteId: north.siteId, peerId: peerId(by), source: 'commitment', instances, atMs: clinic.nowMs() },
  });
}
async function evict(id = studyId) {
  const files: FreedFiles[number][] = [];
  const step = async (freed: FreedFiles) => void files.push(...freed);
  const gone = await evictStudy(clinic.db, { studyId: id, because: 'age', atMs: clinic.nowMs() }, step, clinic.archive);
  return gone.ok ? { ok: true as const, value: { ...gone.value, files } } : gone;
}
function removeFiles(outcome: Awaited<ReturnType<typeof evict>>): boolean[] {
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value.files.map(({ digest, encoding }) => clinic.archive.objects.remove(digest, encoding));
}
const filesLeft = () =>
  readdirSync(clinic.objectsDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
const goneOf = (id: string) =>
  clinic.db.prepare('SELECT evicted_objects FROM studies WHERE study_id = ?').pluck().get(id);

test('nothing leaves that an archive of the site is not known to hold, every object of it, as it is here', async () => {
  expect(await evict()).toEqual({ ok: false, error: { code: 'unproven' } });
  expect(prove(uids().slice(0, 2))).toBe(2);
  expect(await evict()).toEqual({ ok: false, error: { code: 'unproven' } });
  prove(uids(), 'CT1'); // a modality is no archive
  expect(isHeldElsewhere(clinic.db, studyId)).toBe(false);
  prove();
  expect(isHeldElsewhere(clinic.db, studyId)).toBe(true);
  await clinic.send([aSlice(2, { PatientComments: 'corrected' })], 'PACS');
  expect(await evict()).toEqual({ ok: false, error: { code: 'unproven' } });
  expect(prove([{ sopUid: '1.2.3.4.5.6.7' }])).toBe(0);
});

test('a study that somebody holds stays until the last holder lets go, and both are told', async () => {
  prove();
  const doing = { actor: serviceActor('test'), atMs: 5 };
  const { db } = clinic;
  placeHold(db, { studyId, holder: 'delivery', reason: 'not-delivered' }, doing);
  placeHold(db, { studyId, holder: 'delivery', reason: 'not-delivered' }, doing);
  placeHold(db, { studyId, holder: 'review', reason: 'peer-review' }, doing);
  expect(await evict()).toEqual({ ok: false, error: { code: 'held' } });
  releaseHold(db, { studyId, holder: 'delivery' }, doing);
  releaseHold(db, { studyId, holder: 'delivery' }, doing);
  expect(await evict()).toEqual({ ok: false, error: { code: 'held' } });
  releaseHold(db, { studyId, holder: 'review' }, doing);
  expect(
    clinic
      .events()
      .filter(({ kind }) => kind.startsWith('study-h'))
      .map(({ kind, payload }) => [kind, payload.holder]),
  ).toEqual([
    ['study-held', 'delivery'],
    ['study-held', 'review'],
    ['study-hold-released', 'delivery'],
    ['study-hold-released', 'review'],
  ]);
  expect((await evict()).ok).toBe(true);
});

test('the rows say so first; then the files go, and the study stays', async () => {
  prove();
  const outcome = await evict();
  expect(filesLeft()).toBe(3);
  expect(listInstances(clinic.db, studyId).map(({ digest }) => isHere(clinic.db, digest))).toEqual([
    false,
    false,
    false,
  ]);
  expect(removeFiles(outcome)).toEqual([true, true, true]);
  expect(filesLeft()).toBe(0);
  expect(goneOf(studyId)).toBe(3);
  const bytes = outcome.ok ? outcome.value.bytes : 0;
  expect(bytes).toBeGreaterThan(0);
  expect(clinic.events('study-evicted')).toMatchObject([{ studyId, payload: { objects: 3, bytes, because: 'age' } }]);
  expect(await evict()).toEqual({ ok: false, error: { code: 'not-here' } });
});

test('what comes again is here again, one by one, and is kept from then on', async () => {
  prove();
  removeFiles(await evict());
  clinic.pass(1000);
  const before = listKeptByAge(clinic.db, clinic.north.siteId, clinic.nowMs());
  expect(before).toEqual([]);
  const association = clinic.associate('PACS');
  expect(await clinic.receive(association, ...SLICES.slice(0, 2))).toEqual(['success', 'success']);
  expect([goneOf(studyId), filesLeft()]).toEqual([1, 2]);
  expect(listKeptByAge(clinic.db, clinic.north.siteId, clinic.nowMs())).toMatchObject([
    { studyId, keptSinceMs: clinic.nowMs() },
  ]);
  expect(await clinic.receive(association, ...SLICES)).toEqual(['success', 'success', 'success']);
  expect([goneOf(studyId), filesLeft()]).toEqual([0, 3]);
  for (const { digest } of listInstances(clinic.db, studyId)) {
    const object = findObject(clinic.db, digest);
    expect((await clinic.archive.objects.read(digest, object?.encoding ?? 'plain')).length).toBe(object?.sizeBytes);
  }
});

test('what a kill left between rows and files the next start sweeps away', async () => {
  prove();
  await evict(); // and no file is removed
  expect(filesLeft()).toBe(3);
  const removed = await clinic.archive.objects.sweep({
    isNamed: (digest, encoding) => isExpected(clinic.db, digest, encoding),
    olderThanMs: Date.now() + 60_000,
    signal: new AbortController().signal,
  });
  // What this process kept itself is left to the next one.
  const next = openObjectStore(clinic.objectsDir, clinic.keys);
  const swept = await next.sweep({
    isNamed: (digest, encoding) => isExpected(clinic.db, digest, encoding),
    olderThanMs: Date.now() + 60_000,
    signal: new AbortController().signal,
  });
  expect([removed, swept, filesLeft()]).toEqual([0, 3, 0]);
});

test('a file on its way in again is not taken from under its receiver', async () => {
  prove();
  const [first] = listInstances(clinic.db, studyId);
  const object = findObject(clinic.db, first?.digest ?? '');
  if (object === null) throw new Error('no object');
  const { objects } = clinic.archive;
  const again = await objects.receive();
  await again.write(await objects.read(object.digest, object.encoding));
  expect(await again.keep(object.digest)).toBe('existing');
  expect(removeFiles(await evict()).filter((isRemoved) => !isRemoved)).toHaveLength(1);
  expect((await objects.read(object.digest, object.encoding)).length).toBe(object.sizeBytes);
  await again.discard();
  expect(objects.remove(object.digest, object.encoding)).toBe(true);
});

test('an object of two sites stays while either counts on it, and leaves with the second', async () => {
  const southId = await clinic.send(SLICES, 'SOUTH');
  comeToAnEnd();
  const { db, south } = clinic;
  configurePeers(db, south.siteId, 'WETREAD', [
    { aeTitle: 'SOUTH', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'VAULT', address: '10.0.0.1', intent: 'comparison', isArchive: true },
  ]);
  prove();
  expect(await evict()).toMatchObject({ ok: true, value: { files: [], bytes: 0 } });
  expect([goneOf(studyId), goneOf(southId)]).toEqual([0, 0]);
  recordProof(db, {
    ...{ siteId: south.siteId, source: 'query', instances: uids(), atMs: 1 },
    peerId: listPeers(db, south.siteId).find(({ aeTitle }) => aeTitle === 'VAULT')?.peerId ?? '',
  });
  const outcome = await evict(southId);
  expect(removeFiles(outcome)).toHaveLength(3);
  expect([goneOf(studyId), goneOf(southId), filesLeft()]).toEqual([3, 3, 0]);
  expect(await clinic.receive(clinic.associate('SOUTH'), ...SLICES)).toEqual(['success', 'success', 'success']);
  expect([goneOf(studyId), goneOf(southId)]).toEqual([0, 0]);
});

test.each(['held', 'discarded'] as const)(
  'what another site has %s in its quarantine stays as a file',
  async (state) => {
    prove();
    const { db, south } = clinic;
    const [first] = listInstances(db, studyId);
    const object = findObject(db, first?.digest ?? '');
    if (object === null) throw new Error('no object');
    quarantineObject(db, {
      ...{
        object,
        reason: 'identifiers-missing',
        sopUid: null,
        studyId: null,
        association: clinic.associate('SOUTH'),
        atMs: 1,
      },
    });
    const [row] = listQuarantine(db, south.siteId, { state: 'held', limit: 1 });
    const quarantineId = row?.quarantineId ?? '';
    const settling = { siteId: south.siteId, quarantineId, actor: serviceActor('test'), atMs: 2 };
    if (state === 'discarded') discardQuarantined(db, { ...settling, reason: 'test-object' });
    expect(removeFiles(await evict())).toHaveLength(2);
    expect([isHere(db, object.digest), filesLeft()]).toEqual([true, 1]);
  },
);

test('a large study goes in steps, each asked anew; cut short, the rest goes the next time', async () => {
  const big = await clinic.send(
    Array.from({ length: 70 }, (_, n) =>
      aSlice(n, { StudyInstanceUID: '1.2.77', SeriesInstanceUID: '1.2.77.1', SOPInstanceUID: `1.2.77.1.${n + 1}` }),
    ),
    'PACS',
  );
  comeToAnEnd();
  prove(listInstances(clinic.db, big).map(({ sopUid }) => ({ sopUid })));
  const input = { studyId: big, because: 'age', atMs: 1 } as const;
  const doing = { actor: serviceActor('test'), atMs: 5 };
  const steps: number[] = [];
  const first = await evictStudy(
    clinic.db,
    input,
    async (files) => {
      steps.push(files.length);
      placeHold(clinic.db, { studyId: big, holder: 'review', reason: 'peer-review' }, doing);
    },
    clinic.archive,
  );
  expect([first, steps, goneOf(big), clinic.events('study-evicted')]).toEqual([
    { ok: false, error: { code: 'held' } },
    [64],
    64,
    [],
  ]);
  releaseHold(clinic.db, { studyId: big, holder: 'review' }, doing);
  expect(await evict(big)).toMatchObject({ ok: true, value: { objects: 6 } });
  expect(goneOf(big)).toBe(70);
});

test('a study that is still receiving stays', async () => {
  const association = clinic.associate('PACS');
  await clinic.receive(association, aSlice(4));
  prove();
  expect(await evict()).toEqual({ ok: false, error: { code: 'still-receiving' } });
});

test('a study of which something waits in quarantine stays until a person settled it', async () => {
  prove();
  await clinic.receive(clinic.associate('PACS'), aSlice(1, { PixelData: new Uint16Array(16).fill(99) }));
  expect(await evict()).toEqual({ ok: false, error: { code: 'in-quarantine' } });
  const { db, north } = clinic;
  expect(previewEviction(db, { siteId: north.siteId, beforeMs: clinic.nowMs() + 1, limit: 9 }).studies).toMatchObject([
    { studyId, verdict: 'in-quarantine' },
  ]);
  const [row] = listQuarantine(db, north.siteId, { state: 'held', limit: 9 });
  const settling = { siteId: north.siteId, quarantineId: row?.quarantineId ?? '', atMs: clinic.nowMs() };
  discardQuarantined(db, { ...settling, actor: { kind: 'user', id: 'u' }, reason: 'stored-one-is-right' });
  expect((await evict()).ok).toBe(true);
});

const john = { name: 'Roe^John', number: '99', issuer: 'X', birthDateRaw: null, sex: null };
const corrector = () => ({
  ...{ siteId: clinic.north.siteId, actor: { kind: 'user', id: 'u' } as const },
  ...{ reason: 'wrong-patient-selected' as const, atMs: clinic.nowMs() },
});
const correctedAtMs = () => listInstancesByStudy(clinic.db, studyId)[0]?.servedAs?.correctedAtMs ?? null;

test('a study given to another patient stays, and is in PACS as whose it was until the archive has it as whose it is', async () => {
  const { db } = clinic;
  prove();
  const moved = moveStudy(db, { ...corrector(), studyId, to: john });
  expect(await evict()).toEqual({ ok: false, error: { code: 'corrected' } });
  expect([findArchiveState(db, studyId), isHeldElsewhere(db, studyId)]).toEqual(['committed-otherwise', false]);
  prove(); // its word alone says nothing of the patient
  expect(findArchiveState(db, studyId)).toBe('committed-otherwise');
  prove(listInstances(db, studyId).map(({ sopUid, digest }) => ({ sopUid, digest, isTaken: 1, ...takenNow() })));
  expect(findArchiveState(db, studyId)).toBe('committed');
  expect(await evict()).toEqual({ ok: false, error: { code: 'corrected' } });
  // Undone, the archive has a corrected copy: it would not give back what is here.
  clinic.pass(1);
  undoIdentityChange(db, { ...corrector(), changeId: moved.ok ? moved.value.changeId : '' });
  expect([findArchiveState(db, studyId), await evict()]).toEqual([
    'committed-otherwise',
    { ok: false, error: { code: 'unproven' } },
  ]);
});
const takenNow = () => ({ correctedAtMs: correctedAtMs() });

test('a study that was split off stays: its objects would be asked for by another UID', async () => {
  prove();
  const split = splitStudy(clinic.db, { ...corrector(), studyId, seriesIds: [], sopUids: ['1.2.10.1.3'], to: null });
  expect(split).toMatchObject({ ok: true });
  expect(await evict(split.ok ? split.value.newStudyId : '')).toEqual({ ok: false, error: { code: 'corrected' } });
  expect((await evict()).ok).toBe(true);
});

const currentOf = (sopUid: string) => listInstances(clinic.db, studyId).find((one) => one.sopUid === sopUid);

test('what an archive gives back under another header is here again: its pixels are compared with what was kept of them', async () => {
  prove();
  removeFiles(await evict());
  await clinic.receive(
    clinic.associate('PACS'),
    ...SLICES.map((slice) => ({ ...slice, InstitutionName: 'North Clinic' })),
  );
  expect([goneOf(studyId), clinic.events('instance-quarantined')]).toEqual([0, []]);
  expect(listInstances(clinic.db, studyId).map(({ digest }) => isHere(clinic.db, digest))).toEqual([true, true, true]);
  expect(clinic.events('instance-received').at(-1)?.payload).toMatchObject({
    outcome: 'new-version',
    differing: ['not-compared'],
  });
  // The archive is known to hold what it gave, once it is asked again.
  comeToAnEnd();
  expect(await evict()).toEqual({ ok: false, error: { code: 'unproven' } });
  prove();
  expect((await evict()).ok).toBe(true);
});

test('other pixels than those let go are set aside; a person may let them in, marked, and take that back', async () => {
  prove();
  removeFiles(await evict());
  const { db, north, archive } = clinic;
  const former = currentOf('1.2.10.1.1')?.digest;
  await clinic.receive(clinic.associate('PACS'), aSlice(1, { PixelData: new Uint16Array(16).fill(99) }));
  const [row] = listQuarantine(db, north.siteId, { state: 'held', limit: 9 });
  if (row === undefined) throw new Error('nothing was set aside');
  expect([row.reason, goneOf(studyId)]).toEqual(['same-uid-other-pixels', 3]);
  expect(await describeQuarantined(db, archive.objects, row)).toMatchObject({ isCurrentHere: false });
  const actor = { kind: 'user', id: 'u' } as const;
  const settling = { siteId: north.siteId, quarantineId: row.quarantineId, actor, atMs: clinic.nowMs() };
  expect(await fileQuarantined(archive, { ...settling, release: 'as-current-version' })).toMatchObject({ ok: true });
  expect([currentOf('1.2.10.1.1')?.digest, goneOf(studyId)]).toEqual([row.digest, 2]);
  expect(clinic.events('instance-received').at(-1)?.payload.differing).toEqual(['not-compared', 'pixels']);
  const [change] = listChangesOf(db, north.siteId, studyId);
  expect(change).toMatchObject({ kind: 'version-replaced', detail: { wasHere: false } });
  expect(undoIdentityChange(db, { ...settling, changeId: change?.changeId ?? '' })).toEqual({
    ok: true,
    value: { studyIds: [studyId] },
  });
  expect([currentOf('1.2.10.1.1')?.digest, goneOf(studyId)]).toEqual([former, 3]);
});

test('an object that was made current again stays until an archive is known to hold it anew: it may have the other by now', async () => {
  prove();
  const { db, north, archive } = clinic;
  const former = currentOf('1.2.10.1.1')?.digest;
  await clinic.receive(clinic.associate(), aSlice(1, { PixelData: new Uint16Array(16).fill(99) }));
  const [row] = listQuarantine(db, north.siteId, { state: 'held', limit: 9 });
  const actor = { kind: 'user', id: 'u' } as const;
  const settling = { siteId: north.siteId, quarantineId: row?.quarantineId ?? '', actor, atMs: clinic.nowMs() };
  expect(await fileQuarantined(archive, { ...settling, release: 'as-current-version' })).toMatchObject({ ok: true });
  prove();
  const [change] = listChangesOf(db, north.siteId, studyId);
  undoIdentityChange(db, { ...settling, changeId: change?.changeId ?? '' });
  comeToAnEnd();
  expect([currentOf('1.2.10.1.1')?.digest, isHeldElsewhere(db, studyId)]).toEqual([former, false]);
  expect(await evict()).toEqual({ ok: false, error: { code: 'unproven' } });
  // It came from the archive, but was not the last that stood under this UID: the word of the archive for the UID says nothing.
  const asked = { siteId: north.siteId, studyId, peer: { peerId: peerId('PACS') }, actor, atMs: clinic.nowMs() };
  const [requestId = ''] = requested(requestCommitment(db, asked));
  expect(unmistakable(requestId)).toEqual(['1.2.10.1.2', '1.2.10.1.3']);
  prove();
  expect(isHeldElsewhere(db, studyId)).toBe(true);
});

const requested = (owed: ReturnType<typeof requestCommitment>) => {
  if (!owed.ok) throw new Error(owed.error.code);
  return owed.value;
};
const unmistakable = (requestId: string) =>
  listRequested(clinic.db, requestId).flatMap(({ sopUid, isUnmistakable }) => (isUnmistakable === 1 ? [sopUid] : []));

test('of what was let go before anything was kept of its pixels, a person decides', async () => {
  prove();
  removeFiles(await evict());
  clinic.db.prepare('DELETE FROM pixels_let_go').run();
  await clinic.receive(clinic.associate('PACS'), aSlice(1, { InstitutionName: 'North Clinic' }));
  expect(clinic.events('instance-quarantined')).toMatchObject([{ payload: { reason: 'same-uid-other-pixels' } }]);
});

test.each([
  ['studies by age', LIST_KEPT_BY_AGE, 'studies_kept_by_age'],
  ['what is not proven', FIND_UNPROVEN, 'instances_by_study'],
  ['other uses of a file', FIND_OTHER_USE, 'quarantine_by_digest'],
])('walks an index for %s, and no table', (_what, sql, index) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/SCAN (?!holding|CONSTANT)|TEMP B-TREE/);
});

test('what would leave is listed oldest first with what keeps the rest, page by page, and nothing is changed', async () => {
  const { db, north } = clinic;
  const at = (n: number) =>
    SLICES.map((_, i) =>
      aSlice(i + 1, {
        StudyInstanceUID: `1.9.${n}`,
        SeriesInstanceUID: `1.9.${n}.1`,
        SOPInstanceUID: `1.9.${n}.1.${i}`,
      }),
    );
  clinic.pass(1000);
  const held = await clinic.send(at(1), 'PACS');
  clinic.pass(1000);
  const unproven = await clinic.send(at(2), 'PACS');
  comeToAnEnd();
  clinic.pass(1000);
  const coming = await clinic.send(at(3), 'PACS');
  prove();
  prove(listInstances(db, coming).map(({ sopUid }) => ({ sopUid })));
  placeHold(db, { studyId: held, holder: holderOf('u1'), reason: 'teaching' }, { actor: serviceActor('t'), atMs: 9 });
  clinic.pass(1000);
  const ask = (limit: number, after?: string) =>
    previewEviction(db, {
      siteId: north.siteId,
      beforeMs: clinic.nowMs(),
      limit,
      ...(after !== undefined && { after }),
    });
  const all = ask(10);
  expect(all.studies.map((one) => [one.studyId, one.verdict, one.images])).toEqual([
    [studyId, 'goes', 3],
    [held, 'held', 3],
    [unproven, 'unproven', 3],
    [coming, 'receiving', 3],
  ]);
  expect([all.next, (all.studies[0]?.bytes ?? 0) > 1000]).toEqual([null, true]);
  const first = ask(3);
  expect(ask(3, first.next ?? '').studies.map((one) => one.studyId)).toEqual([coming]);
  expect(previewEviction(db, { siteId: clinic.south.siteId, beforeMs: clinic.nowMs(), limit: 9 }).studies).toEqual([]);
  expect(listHolds(db, north.siteId)).toEqual([
    { studyId: held, holder: 'user:u1', reason: 'teaching', placedAtMs: 9, modality: 'CT' },
  ]);
  expect([personBehind('user:u1'), personBehind('delivery'), listHolds(db, clinic.south.siteId)]).toEqual([
    'u1',
    null,
    [],
  ]);
  expect((await evict()).ok).toBe(true);
});
