import { closeSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
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
  await endSyncing(store.db);
  store.close();
});

const write = (name: string) =>
  inTransaction(store.db, () => prepared(store.db, 'INSERT INTO station_facts VALUES (?, ?)').run(name, ''));

/** The descriptors of this process that are the store's log. */
function logDescriptors(): readonly number[] {
  const log = statSync(`${store.db.name}-wal`).ino;
  const open: number[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (fstatSync(Number(name)).ino === log) open.push(Number(name));
    } catch {
      // closed since it was listed
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
  await expect(durable(store.db)).resolves.toBeUndefined();
});

test.skipIf(process.platform !== 'linux').each([
  ['a transaction', () => write('b')],
  ['a statement by itself', () => prepared(store.db, 'INSERT INTO station_facts VALUES (?, ?)').run('alone', '')],
])('tells everybody, from then on, that %s could not be synced', async (_what, change) => {
  write('a');
  const before = new Set(logDescriptors());
  await durable(store.db);
  const [descriptor] = logDescriptors().filter((one) => !before.has(one));
  if (descriptor === undefined) throw new Error('the log is not held open');
  // Something that cannot be synced takes the log's place under the same number.
  closeSync(descriptor);
  const others: number[] = [];
  while (others.at(-1) !== descriptor) others.push(openSync('/dev/null', 'r'));
  for (const other of others.slice(0, -1)) closeSync(other);
  change();
  await expect(durable(store.db)).rejects.toThrow(NotDurable);
  await expect(durable(store.db)).rejects.toThrow(NotDurable);
});
