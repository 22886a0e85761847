import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepLogShort } from './move-log.ts';
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
