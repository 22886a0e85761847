import { renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { usePreviewed } from './use-previewed.ts';

const row = (studyId: string, revision = 1) => ({ studyId, revision }) as WorklistRow;
type Seen = { readonly selected: string | null; readonly rows: readonly WorklistRow[] };

test('a selected study stays in the preview while its row is out of sight, and is as it is once that is back', () => {
  const first: Seen = { selected: 'a', rows: [row('a'), row('b')] };
  const { result, rerender } = renderHook(
    ({ selected, rows }: Seen) => usePreviewed(selected as StudyId | null, rows),
    {
      initialProps: first,
    },
  );
  const seen = [result.current];
  for (const next of [
    { selected: 'a', rows: [row('y'), row('z')] },
    { selected: 'a', rows: [row('a', 2)] },
    { selected: 'c', rows: [row('y')] },
    { selected: null, rows: [row('a')] },
  ]) {
    rerender(next);
    seen.push(result.current);
  }
  expect(seen).toEqual([row('a'), row('a'), row('a', 2), null, null]);
});
