import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { StudyId } from '../../../shared/domain/ids.ts';
import { applyHint } from './hints.ts';
import { station } from './queries.ts';

const named = StudyId.parse('01890000-0000-7000-8000-000000000001');
const other = StudyId.parse('01890000-0000-7000-8000-000000000002');

function seededCache() {
  const cache = new QueryClient();
  const keys = {
    counts: station.worklist.counts.queryKey(),
    views: station.worklist.views.queryKey(),
    status: station.station.status.queryKey(),
    namedDetail: station.studies.get.queryKey({ input: { studyId: named } }),
    namedFindings: station.studies.findings.queryKey({ input: { studyId: named } }),
    otherDetail: station.studies.get.queryKey({ input: { studyId: other } }),
    deliveries: station.deliveries.list.queryKey({ input: {} }),
  };
  for (const key of Object.values(keys)) cache.setQueryData<unknown>(key, {});
  const stale = () =>
    Object.entries(keys)
      .filter(([, key]) => cache.getQueryState(key as readonly unknown[])?.isInvalidated)
      .map(([name]) => name);
  return { cache, stale };
}

test('a hint asks again for the lists, the strip and the studies it names, and for nothing else', () => {
  const { cache, stale } = seededCache();
  applyHint(cache, { type: 'changed', studyIds: [named], seq: 5 });
  expect(stale()).toEqual(['counts', 'status', 'namedDetail', 'namedFindings']);
});

test('a reset asks again for everything', () => {
  const { cache, stale } = seededCache();
  applyHint(cache, { type: 'reset', seq: 5 });
  expect(stale()).toHaveLength(7);
});
