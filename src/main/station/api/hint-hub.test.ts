import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Hint } from '../../../shared/contract/station.ts';
import { SiteId } from '../../../shared/domain/ids.ts';
import { createHintHub } from './hint-hub.ts';

const NORTH = SiteId.parse('01990000-0000-7000-8000-000000000001');
const SOUTH = SiteId.parse('01990000-0000-7000-8000-000000000002');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen(hub: ReturnType<typeof createHintHub>, stop = new AbortController()) {
  const heard: Hint[] = [];
  const ended = (async () => {
    for await (const hint of hub.subscribe({ siteIds: [NORTH] }, stop.signal)) heard.push(hint);
  })();
  return { heard, stop, ended };
}

test('begins with a reset at the ledger as it is, then tells of changes of its own site', async () => {
  const hub = createHintHub(() => 41);
  const { heard, stop, ended } = listen(hub);
  await vi.advanceTimersByTimeAsync(0);
  hub.publish({ siteId: SOUTH, studyId: 'other', seq: 42 });
  hub.publish({ siteId: NORTH, studyId: 'a', seq: 43 });
  await vi.advanceTimersByTimeAsync(200);
  expect(heard).toEqual([
    { type: 'reset', seq: 41 },
    { type: 'changed', studyIds: ['a'], seq: 43 },
  ]);
  stop.abort();
  await ended;
});

test('tells what changes within a tenth of a second together, each study once', async () => {
  const hub = createHintHub(() => 0);
  const { heard, stop, ended } = listen(hub);
  await vi.advanceTimersByTimeAsync(500);
  hub.publish({ siteId: NORTH, studyId: 'a', seq: 1 });
  await vi.advanceTimersByTimeAsync(1);
  for (const [index, studyId] of ['b', 'c', 'b', 'a'].entries())
    hub.publish({ siteId: NORTH, studyId, seq: 2 + index });
  await vi.advanceTimersByTimeAsync(98);
  expect(heard.slice(1)).toEqual([{ type: 'changed', studyIds: ['a'], seq: 1 }]);
  await vi.advanceTimersByTimeAsync(2);
  expect(heard.slice(2)).toEqual([{ type: 'changed', studyIds: ['b', 'c', 'a'], seq: 5 }]);
  stop.abort();
  await ended;
});

test('gives a reset instead of a backlog to one that takes hints too slowly', async () => {
  const hub = createHintHub(() => 0);
  const stop = new AbortController();
  const slow = hub.subscribe({ siteIds: [NORTH] }, stop.signal);
  expect((await slow.next()).value).toEqual({ type: 'reset', seq: 0 });
  for (let seq = 1; seq <= 10_000; seq += 1) hub.publish({ siteId: NORTH, studyId: `study-${seq}`, seq });
  const next = slow.next();
  await vi.advanceTimersByTimeAsync(100);
  expect((await next).value).toEqual({ type: 'reset', seq: 10_000 });
  hub.publish({ siteId: NORTH, studyId: 'later', seq: 10_001 });
  const after = slow.next();
  await vi.advanceTimersByTimeAsync(100);
  expect((await after).value).toEqual({ type: 'changed', studyIds: ['later'], seq: 10_001 });
  stop.abort();
  expect((await slow.next()).done).toBe(true);
});

test('ends with its signal while it waits', async () => {
  const hub = createHintHub(() => 0);
  const { heard, stop, ended } = listen(hub);
  await vi.advanceTimersByTimeAsync(500);
  stop.abort();
  await ended;
  hub.publish({ siteId: NORTH, studyId: 'a', seq: 10 });
  await vi.advanceTimersByTimeAsync(500);
  expect(heard).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
