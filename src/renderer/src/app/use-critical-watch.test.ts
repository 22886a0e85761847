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
  ['one that came as another was opened, of more than are named', of('ab', 9), of('ac', 9), true],
  ['one that came as two were opened, of more than are named', of('ab', 9), of('ac', 8), true],
])('%s', (_what, before, now, isNew) => {
  expect(hasNew(before, now)).toBe(isNew);
});
