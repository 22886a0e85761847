import { expect, test } from 'vitest';
import type { StudyId } from '../../../shared/domain/ids.ts';
import { hasNew } from './use-critical-watch.ts';

const of = (ids: string, unopenedCritical = ids.length) => ({
  unopenedCritical,
  unopenedCriticalIds: ids.split('') as StudyId[],
});

test.each([
  ['a first one', of(''), of('a'), true],
  ['one that came as another was opened', of('ab'), of('ac'), true],
  ['one more than are named', of('ab', 2), of('ab', 3), true],
  ['one that was opened', of('ab'), of('b'), false],
  ['the same in another order', of('ab'), of('ba'), false],
  ['one that moved up among those that are named', of('ab', 9), of('bc', 8), false],
])('%s', (_what, before, now, isNew) => {
  expect(hasNew(before, now)).toBe(isNew);
});
