import { expect, test } from 'vitest';
import type { READER_TASKS } from './reader.ts';
import { openReaderPool, ThreadsBusy } from './platform/store/reader-pool.ts';
import { openTestStore } from './platform/store/test-store.ts';

test('computing threads refuse more than so much waiting, by an error of its own, and do the rest', async () => {
  const store = openTestStore();
  const pool = openReaderPool<typeof READER_TASKS>(new URL('./reader.ts', import.meta.url), store.settings, {
    isForComputing: true,
  });
  try {
    const asked = Array.from({ length: 300 }, () => pool.run('measure-cache', 'nowhere'));
    const ended = await Promise.allSettled(asked);
    const refused = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((reason) => reason instanceof ThreadsBusy)).toBe(true);
    expect(ended.length - refused.length).toBeGreaterThanOrEqual(256);
    await expect(pool.run('no-such-task' as 'measure-cache', 'x')).rejects.toThrow('no-such-task');
  } finally {
    await pool.close();
    store.close();
  }
});
