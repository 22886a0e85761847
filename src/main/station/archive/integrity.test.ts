import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeDataset } from '../dicom/dataset/write-dataset.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { objectPath, SEALED } from '../platform/objects/object-store.ts';
import { latestPass } from '../platform/objects/passes.ts';
import { countDamaged, findObject, isDamaged } from '../platform/objects/records.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { arrivalOf, aSlice } from '../testing/objects.ts';
import { checkObject } from './check-object.ts';
import { countQuarantined, findInstance, receiveObject } from './index.ts';
import { COUNT_DAMAGED_AT, LIST_DAMAGED, listDamaged, listHolders } from './integrity.ts';
import { createIntegrityWorker, type IntegrityWorker } from './integrity-worker.ts';
import { watchReader } from './watch-reader.ts';

let clinic: Clinic;
let worker: IntegrityWorker | null = null;
let paced: number[] = [];
let asked: (readonly string[])[] = [];

beforeEach(() => {
  clinic = openClinic();
  paced = [];
  asked = [];
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
  clinic.close();
});

function start(everyDays = 30): IntegrityWorker {
  const { db, archive, log } = clinic;
  worker = createIntegrityWorker({
    ...{ db, objects: archive.objects, everyDays, clock: archive.clock, log },
    pace: async (bytes) => void paced.push(bytes),
    findHolders: async (digests) => {
      asked.push(digests);
      return listHolders(db, digests);
    },
  });
  worker.start();
  return worker;
}

const digestOf = (n: number) => findInstance(clinic.db, clinic.north.siteId, `1.2.10.1.${n}`)?.digest ?? '';
const fileOf = (n: number) => objectPath(clinic.objectsDir, digestOf(n), SEALED);
const turnByte = (file: string, at: number) => {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
};
const until = (check: () => void) => expect.poll(() => (check(), true), { timeout: 30_000 }).toBe(true);
const lastPass = () => latestPass(clinic.db, 'verify', 'finished');
const quarantine = () =>
  clinic.db.prepare("SELECT state, reason, sop_uid AS sopUid FROM quarantine WHERE reason = 'damaged-at-rest'").all();

test('a walk over everything finds what is damaged and what is gone, and says so once', async () => {
  await clinic.send([1, 2, 3, 4].map((n) => aSlice(n)));
  turnByte(fileOf(2), 1200);
  rmSync(fileOf(3));
  start().verify(serviceActor('test'));
  await until(() => expect(lastPass()).toMatchObject({ objects: 4, faults: 2 }));
  const found = clinic
    .events('object-damaged')
    .map(({ payload, studyId }) => [String(payload.condition), studyId !== null].join());
  expect(found.toSorted()).toEqual(['damaged,true', 'missing,true']);
  expect([countQuarantined(clinic.db, clinic.north.siteId), countDamaged(clinic.db)]).toEqual([2, 2]);
  expect(
    listDamaged(clinic.db, clinic.north.siteId)
      .map(({ studyUid, seriesUid, sopUid }) => [studyUid, seriesUid, sopUid].join())
      .toSorted(),
  ).toEqual(['1.2.10,1.2.10.1,1.2.10.1.2', '1.2.10,1.2.10.1,1.2.10.1.3']);
  expect(listDamaged(clinic.db, clinic.south.siteId)).toEqual([]);
  expect(clinic.events('objects-verified')).toMatchObject([{ payload: { objects: 4, damaged: 2 } }]);
  expect(paced.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(0);

  worker?.verify(serviceActor('test'));
  await until(() => expect(clinic.events('objects-verified')).toHaveLength(2));
  expect(clinic.events('object-damaged')).toHaveLength(2);
});

test('an object whose data set begins with group 0002, as some senders leave it, is sound, and the same when sent again', async () => {
  const slice = aSlice(1);
  const meta = Buffer.from('0200100055491400312e322e3834302e31303030382e312e322e3100', 'hex');
  const bytes = Buffer.concat([meta, encodeDataset(slice)]);
  for (const times of [1, 2]) {
    const answer = await receiveObject(clinic.archive, arrivalOf(slice, bytes), clinic.associate());
    expect([times, answer.status]).toEqual([times, 'success']);
    const object = findObject(clinic.db, digestOf(1));
    expect(object && object.sizeBytes - object.bodyOffset).toBe(bytes.length);
    expect(await checkObject(clinic.archive.objects, digestOf(1), SEALED)).toBe('sound');
  }
});

test('what a walk finds is asked about in batches, not one by one: who counts on it is a walk of its own', async () => {
  await clinic.send([1, 2, 3, 4].map((n) => aSlice(n)));
  for (const n of [1, 2, 3]) turnByte(fileOf(n), 1200);
  start().verify(serviceActor('test'));
  await until(() => expect(lastPass()).toMatchObject({ objects: 4, faults: 3 }));
  expect(asked.map((digests) => digests.length)).toEqual([3]);
  expect(clinic.events('object-damaged')).toHaveLength(3);
});

test('who asks for everything to be verified is told in the ledger', async () => {
  start().verify({ kind: 'user', id: 'somebody' });
  expect(
    clinic.db.prepare("SELECT actor_id FROM events WHERE kind = 'objects-verification-asked'").pluck().all(),
  ).toEqual(['somebody']);
});

test('a suspect that cannot be looked at is tried once, and does not keep the station busy', async () => {
  let tries = 0;
  const { db, archive, log } = clinic;
  await clinic.send([aSlice(1)]);
  const refuse = async () => {
    tries += 1;
    throw Object.assign(new Error('no such luck'), { code: 'EACCES' });
  };
  worker = createIntegrityWorker({
    ...{ db, everyDays: 30, clock: archive.clock, log, pace: async () => undefined },
    objects: { ...archive.objects, sizeBytes: refuse, readRange: refuse },
    findHolders: async () => [],
  });
  worker.start();
  worker.suspect(digestOf(1));
  await until(() => expect(tries).toBeGreaterThan(0));
  worker.suspect(digestOf(1));
  await pause(200);
  expect([tries, isDamaged(db, digestOf(1))]).toEqual([1, false]);
});

test('sent again, a damaged object takes its place again and its row is released, whichever peer brings it', async () => {
  await clinic.send([aSlice(1)]);
  const digest = digestOf(1);
  turnByte(fileOf(1), 1500);
  start().suspect(digest);
  await until(() => expect(isDamaged(clinic.db, digest)).toBe(true));
  expect(await clinic.receive(clinic.associate('PACS'), aSlice(1))).toEqual(['success']);
  expect([isDamaged(clinic.db, digest), quarantine()]).toEqual([
    false,
    [{ state: 'released', reason: 'damaged-at-rest', sopUid: '1.2.10.1.1' }],
  ]);
  expect(clinic.events('object-healed')).toMatchObject([{ payload: { digest } }]);
  expect(await checkObject(clinic.archive.objects, digest, SEALED)).toBe('sound');

  // Damaged a second time it is set aside a second time.
  rmSync(fileOf(1));
  worker?.suspect(digest);
  await until(() => expect(quarantine()).toMatchObject([{ state: 'held' }]));
});

test('an object that is sent again in another file than the record tells of is read by its new record', async () => {
  await clinic.send([aSlice(1)]);
  const digest = digestOf(1);
  rmSync(fileOf(1));
  start().suspect(digest);
  await until(() => expect(isDamaged(clinic.db, digest)).toBe(true));
  clinic.db.prepare('UPDATE objects SET body_offset = 1, size_bytes = 2').run();
  await receiveObject(clinic.archive, arrivalOf(aSlice(1)), clinic.associate());
  const object = findObject(clinic.db, digest);
  expect(object?.sizeBytes).toBe(await clinic.archive.objects.sizeBytes(digest, SEALED));
  const header = await clinic.archive.objects.readRange(digest, SEALED, 0, object?.bodyOffset ?? 0);
  expect(header.includes(EXPLICIT_LITTLE_ENDIAN)).toBe(true);
});

test('put back behind the station, an object heals at the next look', async () => {
  await clinic.send([aSlice(1)]);
  const [digest, file] = [digestOf(1), fileOf(1)];
  const sound = readFileSync(file);
  turnByte(file, 40);
  start().suspect(digest);
  await until(() => expect(isDamaged(clinic.db, digest)).toBe(true));
  writeFileSync(file, sound);
  worker?.suspect(digest);
  await until(() => expect(isDamaged(clinic.db, digest)).toBe(false));
  expect(quarantine()).toMatchObject([{ state: 'released' }]);
});

test('what was let go on purpose, and what nobody recorded, is not called damaged', async () => {
  await clinic.send([aSlice(1), aSlice(2)]);
  const [gone] = [digestOf(1)];
  clinic.db.prepare('UPDATE objects SET evicted_at_ms = 1 WHERE digest = ?').run(gone);
  rmSync(objectPath(clinic.objectsDir, gone, SEALED));
  start().suspect('0'.repeat(64));
  worker?.suspect(gone);
  worker?.verify(serviceActor('test'));
  await until(() => expect(lastPass()).toMatchObject({ objects: 1, faults: 0 }));
  expect([clinic.events('object-damaged'), countDamaged(clinic.db)]).toEqual([[], 0]);
});

test('the days count from the first start, over restarts, and a walk goes on where a stop left it', async () => {
  start(30);
  expect(lastPass()).toMatchObject({ objects: 0, askedBy: 'schedule' });
  await worker?.stop();
  await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  clinic.pass(31 * 86_400_000);
  start(30);
  await until(() => expect(lastPass()).toMatchObject({ objects: 3, askedBy: 'schedule' }));
  await worker?.stop();
  // As a stop in the middle leaves it.
  const digests = [1, 2, 3].map(digestOf).toSorted();
  clinic.db
    .prepare(
      "INSERT INTO object_passes (kind, state, place, objects, bytes, faults, asked_by, started_at_ms) VALUES ('verify', 'running', ?, 2, 0, 0, 'x', ?)",
    )
    .run(digests[1], clinic.nowMs());
  start(30);
  expect(worker?.verify(serviceActor('test'))).toEqual({ ok: false, error: { code: 'verification-running' } });
  await until(() => expect(lastPass()).toMatchObject({ askedBy: 'x', objects: 3 }));
});

test('what a site misses is found by its index', () => {
  expect(planOf(clinic.db, COUNT_DAMAGED_AT).join()).toMatch(/quarantine_in_order \(site_id=\? AND state=\?\)/);
  const [first = ''] = planOf(clinic.db, LIST_DAMAGED);
  expect(first).toBe('SEARCH q USING INDEX quarantine_in_order (site_id=? AND state=?)');
});

test('a reader that is watched tells of what it cannot give, and passes the fault on', async () => {
  await clinic.send([aSlice(1)]);
  const digest = digestOf(1);
  const told: string[] = [];
  const watched = watchReader(clinic.archive.objects, (one) => told.push(one));
  await watched.read(digest, SEALED);
  expect(told).toEqual([]);
  turnByte(fileOf(1), 1100);
  await expect(watched.readRange(digest, SEALED, 0, 10)).rejects.toMatchObject({ code: 'object-damaged' });
  await expect(watched.sizeBytes('0'.repeat(64), SEALED)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(told).toEqual([digest, '0'.repeat(64)]);
});
