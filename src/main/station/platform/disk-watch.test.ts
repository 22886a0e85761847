import { expect, test } from 'vitest';
import { openLog } from './log.ts';
import { watchDisk } from './disk-watch.ts';

const MARKS = { lowBytes: 1000, refuseBytes: 500, fullBytes: 100 };

test('each mark stops something, and lets it go on only once there is room beyond the mark', async () => {
  let freeBytes = 0;
  const disk = watchDisk({ free: async () => ({ freeBytes, totalBytes: 9999 }) }, MARKS, openLog('silent'));
  const seen: [number, string][] = [];
  for (freeBytes of [2000, 999, 1000, 1049, 1050, 500, 499, 510, 524, 525, 99, 100, 104, 105, 3000])
    seen.push([freeBytes, await disk.look()]);
  expect(seen).toEqual([
    [2000, 'enough'],
    [999, 'low'],
    [1000, 'low'],
    [1049, 'low'],
    [1050, 'enough'],
    [500, 'low'],
    [499, 'refusing'],
    [510, 'refusing'],
    [524, 'refusing'],
    [525, 'low'],
    [99, 'full'],
    [100, 'full'],
    [104, 'full'],
    [105, 'refusing'],
    [3000, 'enough'],
  ]);
});

test('a disk that cannot be asked is unknown, logged once, and known again by itself', async () => {
  let logged = '';
  let isThere = false;
  const free = async () => {
    if (!isThere) throw new Error('stale handle');
    return { freeBytes: 2000, totalBytes: 9999 };
  };
  const disk = watchDisk({ free }, MARKS, openLog('info', { write: (line: string) => (logged += line) }));
  expect([await disk.look(), await disk.look()]).toEqual(['unknown', 'unknown']);
  expect(logged.match(/disk-not-read/g)).toHaveLength(1);
  isThere = true;
  expect(await disk.look()).toBe('enough');
});
