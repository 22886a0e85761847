import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore, type TestStore } from '../store/test-store.ts';
import { inTransaction } from '../store/transaction.ts';
import { type ArrivingObject, landed, listArriving, writeWhileArriving } from './arriving-objects.ts';
import { SEALED } from './object-store.ts';
import { recordObject } from './records.ts';

let store: TestStore;
beforeEach(() => {
  store = openTestStore();
});
afterEach(() => store.close());

const digestOf = (n: number) => String(n).repeat(64);
const record = (n: number) =>
  recordObject(store.db, { digest: digestOf(n), encoding: SEALED, sizeBytes: 1, bodyOffset: 0 }, 1);
const write = (...numbers: readonly number[]) => inTransaction(store.db, () => numbers.forEach(record));

/** An object on its way, whose end is the test's to say. */
function onItsWay(n: number, lookAtLost: ArrivingObject['lookAtLost'] = async () => undefined) {
  const { promise: onDisk, resolve: arrive, reject: fail } = Promise.withResolvers<void>();
  const ended = writeWhileArriving(store.db, { digest: digestOf(n), onDisk, lookAtLost }, async () => write(n));
  return { arrive, fail, ended: ended.then(() => 'written', String) };
}

test('what a rolled back transaction forgot is forgotten by the next', async () => {
  const one = onItsWay(1);
  one.arrive();
  expect(await one.ended).toBe('written');
  expect(listArriving(store.db)).toEqual([digestOf(1)]);
  expect(() =>
    inTransaction(store.db, () => {
      record(2);
      throw new Error('no room');
    }),
  ).toThrow('no room');
  expect(listArriving(store.db)).toEqual([digestOf(1)]);
  write(3);
  expect(listArriving(store.db)).toEqual([]);
});

test('what was noted in a transaction that was rolled back leaves nothing, and is noted by the next', async () => {
  const { promise: onDisk, resolve: arrive } = Promise.withResolvers<void>();
  const ended = writeWhileArriving(
    store.db,
    { digest: digestOf(1), onDisk, lookAtLost: async () => undefined },
    async () => {
      expect(() =>
        inTransaction(store.db, () => {
          record(1);
          throw new Error('once more');
        }),
      ).toThrow('once more');
      expect(listArriving(store.db)).toEqual([]);
      write(1);
    },
  );
  expect(listArriving(store.db)).toEqual([digestOf(1)]);
  arrive();
  await ended;
  write(2);
  expect(listArriving(store.db)).toEqual([]);
});

test('of two files of one digest the first of which is lost, the second is waited for and stays noted until it came', async () => {
  const looked: string[] = [];
  const one = onItsWay(1, async () => void looked.push('one'));
  const other = onItsWay(1);
  one.fail(new Error('EIO'));
  expect(await one.ended).toBe('Error: EIO');
  expect(looked).toEqual(['one']);
  let hasLanded = false;
  const landing = landed(store.db, digestOf(1)).then(() => (hasLanded = true));
  write(2);
  expect([listArriving(store.db), hasLanded]).toEqual([[digestOf(1)], false]);
  other.arrive();
  expect(await other.ended).toBe('written');
  await landing;
  write(3);
  expect(listArriving(store.db)).toEqual([]);
});
