import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listArriving } from '../platform/objects/arriving-objects.ts';
import { type ObjectStore, objectPath, SEALED } from '../platform/objects/object-store.ts';
import { durable } from '../platform/store/durability.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { arrivalOf, aSlice, CT_CLASS } from '../testing/objects.ts';
import { checkArriving } from './check-arriving.ts';
import { findFailures } from './commitment-asked.ts';
import { type Archive, countQuarantined, findInstance, getObject, receiveObject } from './index.ts';
import { listHolders } from './integrity.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const digestOf = (n: number) => findInstance(clinic.db, clinic.north.siteId, `1.2.10.1.${n}`)?.digest ?? '';
const fileOf = (n: number) => objectPath(clinic.objectsDir, digestOf(n), SEALED);

/** A store whose files come to the disk only when they are told to; `synced` are those brought there afterwards. */
function slowStore(): {
  readonly objects: ObjectStore;
  readonly arrive: () => void;
  readonly fail: () => void;
  readonly synced: readonly string[];
} {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined);
  const synced: string[] = [];
  const objects: ObjectStore = {
    ...clinic.archive.objects,
    async toDisk(digest, encoding) {
      await clinic.archive.objects.toDisk(digest, encoding);
      synced.push(digest);
    },
    async receive(opening) {
      const file = await clinic.archive.objects.receive(opening);
      const { keepDigested } = file;
      return Object.assign(file, {
        async keepDigested() {
          const kept = await keepDigested();
          return { ...kept, onDisk: Promise.all([kept.onDisk, promise]).then(() => undefined) };
        },
      });
    },
  };
  return {
    ...{ objects, synced },
    arrive: resolve,
    fail: () => reject(Object.assign(new Error('the disk says no'), { code: 'EIO' })),
  };
}

/** Receives slices, and leaves what a kill leaves between their rows and the end of their files' way to the disk. */
async function killedWhileArriving(...numbers: readonly number[]): Promise<void> {
  const { objects, arrive } = slowStore();
  const receive = (n: number) =>
    receiveObject({ ...clinic.archive, objects }, arrivalOf(aSlice(n)), clinic.associate());
  const answers = numbers.map(receive);
  await expect.poll(() => listArriving(clinic.db).length, { timeout: 30_000 }).toBe(numbers.length);
  arrive();
  await Promise.all(answers);
}

function check() {
  const { db, archive } = clinic;
  const findHolders = async (digests: readonly string[]) => listHolders(db, digests);
  return checkArriving({ db, objects: archive.objects, clock: archive.clock, findHolders });
}

test('rows are written while the file is brought to the disk; neither the sender nor anybody else is told before', async () => {
  const { objects, arrive } = slowStore();
  const told: string[] = [];
  const answering = receiveObject({ ...clinic.archive, objects }, arrivalOf(aSlice(1)), clinic.associate());
  void answering.then(({ status }) => told.push(status));
  await expect.poll(() => digestOf(1), { timeout: 30_000 }).not.toBe('');
  expect(listArriving(clinic.db)).toEqual([digestOf(1)]);
  const other = durable(clinic.db).then(() => told.push('somebody else'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told).toEqual([]);
  arrive();
  await Promise.all([answering, other]);
  expect(told.toSorted()).toEqual(['somebody else', 'success']);
  // Forgotten with the next object, in its transaction.
  await clinic.send([aSlice(2)]);
  expect(listArriving(clinic.db)).not.toContain(digestOf(1));
});

/** Receives a slice into a store, and gives what the sender is told or how it was refused. */
function receiveInto(objects: ObjectStore, more: Partial<Archive> = {}): Promise<unknown> {
  const answering = receiveObject({ ...clinic.archive, objects, ...more }, arrivalOf(aSlice(1)), clinic.associate());
  return answering.catch((error: unknown) => error);
}

/** Whether we would answer for the slice to a peer that asks now. */
function committed(): Promise<boolean> {
  const asked = { siteId: clinic.north.siteId, instances: [[CT_CLASS, '1.2.10.1.1']] } as const;
  const failures = findFailures(clinic.db, clinic.archive.objects, asked);
  return failures.then(({ length }) => length === 0);
}

test('a file that does not come to the disk is refused, told as damage before anybody hears of it, and heals when sent again', async () => {
  const { objects, fail } = slowStore();
  const refused = receiveInto(objects);
  await expect.poll(() => digestOf(1), { timeout: 30_000 }).not.toBe('');
  const isAnsweredFor = committed();
  let damageAsTold = -1;
  const other = durable(clinic.db).then(() => (damageAsTold = clinic.events('object-damaged').length));
  rmSync(fileOf(1));
  fail();
  expect(await refused).toMatchObject({ code: 'EIO' });
  await other;
  expect([damageAsTold, countQuarantined(clinic.db, clinic.north.siteId), await isAnsweredFor]).toEqual([1, 1, false]);
  await clinic.send([aSlice(1), aSlice(2)]);
  expect([countQuarantined(clinic.db, clinic.north.siteId), await committed()]).toEqual([0, true]);
  expect(listArriving(clinic.db)).not.toContain(digestOf(1));
});

test('a file lost before its rows were written is looked at once they are', async () => {
  const { objects, fail } = slowStore();
  const gone: ObjectStore = {
    ...objects,
    async receive(opening) {
      const file = await objects.receive(opening);
      const { keepDigested } = file;
      return Object.assign(file, {
        async keepDigested() {
          const kept = await keepDigested();
          rmSync(objectPath(clinic.objectsDir, kept.digest, SEALED));
          return kept;
        },
      });
    },
  };
  fail();
  expect(await receiveInto(gone)).toMatchObject({ code: 'EIO' });
  expect(digestOf(1)).not.toBe('');
  expect(clinic.events('object-damaged').map(({ payload }) => payload.condition)).toEqual(['missing']);
});

test('a file whose thread ended while it was brought to the disk is brought there by another hand', async () => {
  const { objects, fail, synced } = slowStore();
  const refused = receiveInto(objects);
  await expect.poll(() => digestOf(1), { timeout: 30_000 }).not.toBe('');
  const isAnsweredFor = committed();
  expect(synced).toEqual([]);
  fail();
  expect(await refused).toMatchObject({ code: 'EIO' });
  expect([synced, await isAnsweredFor]).toEqual([[digestOf(1)], true]);
  await clinic.send([aSlice(2)]);
  expect(listArriving(clinic.db)).not.toContain(digestOf(1));
});

test('one that cannot be looked at is left to whoever verifies, and to the next start', async () => {
  const { objects, fail } = slowStore();
  const toDisk = async () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
  const suspects: string[] = [];
  const refused = receiveInto({ ...objects, toDisk }, { suspect: (digest) => suspects.push(digest) });
  await expect.poll(() => digestOf(1), { timeout: 30_000 }).not.toBe('');
  fail();
  expect(await refused).toMatchObject({ code: 'EIO' });
  expect(suspects).toEqual([digestOf(1)]);
  await clinic.send([aSlice(2)]);
  expect(listArriving(clinic.db)).toContain(digestOf(1));
});

test('of an object that stands here plain, the rows name the sealed one only once the disk has it', async () => {
  await clinic.send([aSlice(1)]);
  const { db, archive, objectsDir } = clinic;
  writeFileSync(objectPath(objectsDir, digestOf(1), 'plain'), await archive.objects.read(digestOf(1), SEALED));
  rmSync(fileOf(1));
  db.prepare("UPDATE objects SET encoding = 'plain'").run();
  await clinic.send([aSlice(2)]); // forgets the first
  const { objects, arrive } = slowStore();
  const answered = receiveInto(objects);
  await expect.poll(() => existsSync(fileOf(1)), { timeout: 30_000 }).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([getObject(db, digestOf(1)).encoding, listArriving(db).includes(digestOf(1))]).toEqual(['plain', false]);
  arrive();
  expect(await answered).toMatchObject({ status: 'success' });
  expect(getObject(db, digestOf(1)).encoding).toBe(SEALED);
});

test('after a kill what is whole stays, and what a power cut took is reported, until its sender sends it again', async () => {
  await killedWhileArriving(1, 2, 3);
  const whole = readFileSync(fileOf(1));
  truncateSync(fileOf(2), 700);
  rmSync(fileOf(3));
  expect(await check()).toEqual({ lost: 2, unchecked: [] });
  expect(listArriving(clinic.db)).toEqual([]);
  expect(readFileSync(fileOf(1))).toEqual(whole);
  const found = clinic.events('object-damaged').map(({ payload }) => [payload.digest, payload.condition].join());
  expect(found.toSorted()).toEqual([`${digestOf(2)},damaged`, `${digestOf(3)},missing`].toSorted());
  expect(countQuarantined(clinic.db, clinic.north.siteId)).toBe(2);

  await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  expect([countQuarantined(clinic.db, clinic.north.siteId), clinic.events('object-healed').length]).toEqual([0, 2]);
  expect(await check()).toEqual({ lost: 0, unchecked: [] });
});

test('an object that cannot be looked at is looked at by the next start', async () => {
  await killedWhileArriving(1);
  const { db, archive } = clinic;
  const refused = async () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
  const objects: ObjectStore = { ...archive.objects, toDisk: refused };
  const findHolders = async () => [];
  const { lost, unchecked } = await checkArriving({ db, objects, clock: archive.clock, findHolders });
  expect([lost, unchecked.length, listArriving(db)]).toEqual([0, 1, [digestOf(1)]]);
});
