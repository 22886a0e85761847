import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type LogMove, openLogMover } from './database.ts';
import { keepLogShort, logPause } from './move-log.ts';
import { openTestStore, type TestStore } from './test-store.ts';
import { inTransaction } from './transaction.ts';

let store: TestStore;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  store = openTestStore();
});
afterEach(() => {
  vi.useRealTimers();
  store.close();
});

test('tells once that the log is not moved, tries on, and tells it anew after it was', async () => {
  let isFull = true;
  let tried = 0;
  const told: unknown[] = [];
  const mover = keepLogShort(
    store.db,
    async () => {
      tried += 1;
      if (isFull) throw new Error('no room');
      return { pages: 1, moved: 1 };
    },
    (error) => told.push(error),
  );
  const write = () => inTransaction(store.db, () => undefined);
  write();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([tried, told.length]).toEqual([10, 1]);
  isFull = false;
  await vi.advanceTimersByTimeAsync(500);
  isFull = true;
  write();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([tried, told.length]).toEqual([21, 2]);
  await mover.stop();
});

test('a log that grew long is emptied while those who write much wait, and begins anew', async () => {
  const { database, keyHex } = store.settings;
  const opened = openLogMover(database, Buffer.from(keyHex, 'hex'));
  if (!opened.ok) throw new Error(opened.error.code);
  const write = (name: string, length: number) =>
    inTransaction(store.db, () =>
      store.db.prepare('INSERT INTO station_facts VALUES (?, ?)').run(name, 'x'.repeat(length)),
    );
  write('short', 1);
  // Somebody reads an older state: the first move cannot get past it.
  const reader = store.reader();
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM station_facts').get();
  write('long', 70_000_000);
  const moves: (LogMove & { readonly isPaused: boolean })[] = [];
  const move = async () => {
    const moved = opened.value();
    if (reader.inTransaction) reader.exec('COMMIT');
    await Promise.resolve();
    moves.push({ ...moved, isPaused: logPause(store.db) !== null });
    return moved;
  };
  const mover = keepLogShort(store.db, move, (error) => expect.unreachable(String(error)));
  await vi.advanceTimersByTimeAsync(500);
  await vi.waitFor(() => expect(moves).toHaveLength(2));
  const [first, second] = moves;
  expect(first?.isPaused).toBe(false);
  expect(first?.moved).toBeLessThan(first?.pages ?? 0);
  expect(second).toEqual({ pages: first?.pages, moved: first?.pages, isPaused: true });
  await vi.waitFor(() => expect(logPause(store.db)).toBeNull());
  write('next', 1);
  await vi.advanceTimersByTimeAsync(500);
  await vi.waitFor(() => expect(moves).toHaveLength(3));
  expect(moves[2]?.pages).toBeLessThan(20);
  await mover.stop();
});

test('an emptying that the disk holds up lets everybody write again after a tenth of a second', async () => {
  const slow = Promise.withResolvers<LogMove>();
  let asked = 0;
  const move = () => {
    asked += 1;
    return asked === 1 ? Promise.resolve({ pages: 16_000, moved: 0 }) : slow.promise;
  };
  const mover = keepLogShort(store.db, move, (error) => expect.unreachable(String(error)));
  inTransaction(store.db, () => undefined);
  await vi.advanceTimersByTimeAsync(500);
  expect(logPause(store.db)).not.toBeNull();
  await vi.waitFor(() => expect(logPause(store.db)).toBeNull());
  slow.resolve({ pages: 16_000, moved: 16_000 });
  await mover.stop();
});
