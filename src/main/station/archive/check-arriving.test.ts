import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listArriving } from '../platform/objects/arriving-objects.ts';
import { type ObjectStore, objectPath, SEALED } from '../platform/objects/object-store.ts';
import { durable } from '../platform/store/durability.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { arrivalOf, aSlice } from '../testing/objects.ts';
import { checkArriving } from './check-arriving.ts';
import { countQuarantined, findInstance, receiveObject } from './index.ts';
import { listHolders } from './integrity.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const digestOf = (n: number) => findInstance(clinic.db, clinic.north.siteId, `1.2.10.1.${n}`)?.digest ?? '';
const fileOf = (n: number) => objectPath(clinic.objectsDir, digestOf(n), SEALED);

/** A store whose files come to the disk only when they are told to. */
function slowStore(): { readonly objects: ObjectStore; readonly arrive: () => void; readonly fail: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const objects: ObjectStore = {
    ...clinic.archive.objects,
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
    objects,
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

test('a file that does not come to the disk is refused and suspected, and heals when it is sent again', async () => {
  const { objects, fail } = slowStore();
  const suspects: string[] = [];
  const suspect = (digest: string) => suspects.push(digest);
  const answering = receiveObject({ ...clinic.archive, objects, suspect }, arrivalOf(aSlice(1)), clinic.associate());
  const refused = answering.catch((error: unknown) => error);
  await expect.poll(() => digestOf(1), { timeout: 30_000 }).not.toBe('');
  fail();
  expect(await refused).toMatchObject({ code: 'EIO' });
  expect(suspects).toEqual([digestOf(1)]);
  expect(listArriving(clinic.db)).toEqual([digestOf(1)]);
  await durable(clinic.db);
  rmSync(fileOf(1));
  expect(await check()).toEqual({ lost: 1, unchecked: [] });
  await clinic.send([aSlice(1)]);
  expect(countQuarantined(clinic.db, clinic.north.siteId)).toBe(0);
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
