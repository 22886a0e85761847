import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import { StudyId, UserId } from '../../../../shared/domain/ids.ts';
import { changeWorklistView, EVERYTHING, useWorklistView } from './worklist-view.ts';

const one = UserId.parse('01890000-0000-7000-8000-000000000001');
const other = UserId.parse('01890000-0000-7000-8000-000000000002');
const study = StudyId.parse('01890000-0000-7000-8000-000000000003');

test('a person comes back to their place in the list, and the next person does not see it', () => {
  act(() => changeWorklistView(one, { question: { ...EVERYTHING, filter: 'critical' } }));
  act(() => changeWorklistView(one, { selected: study }));
  const mine = renderHook(() => useWorklistView(one)).result.current;
  expect([mine.question?.filter, mine.selected]).toEqual(['critical', study]);
  const theirs = renderHook(() => useWorklistView(other)).result.current;
  expect([theirs.question, theirs.selected]).toEqual([null, null]);
});
