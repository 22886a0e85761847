import { closeSync, fstatSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepared } from './database.ts';
import { durable, endSyncing, NotDurable } from './durability.ts';
import { openTestStore, type TestStore } from './test-store.ts';
import { inTransaction } from './transaction.ts';

let store: TestStore;
beforeEach(() => {
  store = openTestStore();
});
afterEach(async () => {
  await endSyncing(store.db).catch(() => undefined); // a test closed it before
  store.close();
});

const write = (name: string) =>
  inTransaction(store.db, () => prepared(store.db, 'INSERT INTO station_facts VALUES (?, ?)').run(name, ''));

/** The descriptors of this process that are the store's log. */
function logDescriptors(): readonly number[] {
  const log = statSync(`${store.db.name}-wal`).ino;
  const open: number[] = [];
  for (let descriptor = 3; descriptor < 200; descriptor += 1) {
    try {
      if (fstatSync(descriptor).ino === log) open.push(descriptor);
    } catch {
      // no descriptor of that number
    }
  }
  return open;
}

test('waits for nothing where nothing was committed since', async () => {
  write('a');
  await durable(store.db);
  await expect(durable(store.db)).resolves.toBeUndefined();
});

test('many who ask together are all answered, also for what is committed while a sync is under way', async () => {
  write('a');
  const first = durable(store.db);
  write('b');
  await Promise.all([first, durable(store.db), durable(store.db)]);
  write('c');
  await durable(store.db);
});

test('tells everybody, from then on, that a sync failed', async () => {
  write('a');
  await durable(store.db);
  write('b');
  const [descriptor] = logDescriptors().slice(-1);
  if (descriptor !== undefined) closeSync(descriptor);
  await expect(durable(store.db)).rejects.toThrow(NotDurable);
  await expect(durable(store.db)).rejects.toThrow(NotDurable);
});
