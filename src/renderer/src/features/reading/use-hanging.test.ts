import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { SHIPPED_RULES } from './hanging/shipped-rules.ts';
import { activatePane, hangSeries } from './panes.ts';
import { useHanging } from './use-hanging.ts';

const chest = (seriesUid: string) =>
  ({
    ...{
      series: [{ seriesUid, modality: 'CT', description: 'Lung', number: 1, instances: 200, displayable: true }],
      runs: [],
    },
    row: { exam: { description: 'CT chest', bodyPart: 'CHEST' } },
  }) as unknown as StudyDetail;
const [study, prior] = [chest('now'), chest('before')];
const rule = SHIPPED_RULES.find(({ id }) => id === 'ct-chest-prior') ?? null;

const opened = () =>
  renderHook(
    (given: { readonly prior: StudyDetail | null }) =>
      useHanging({ study, findings: [], rule, prior: given.prior, shelfOf: () => null }),
    { initialProps: { prior: null as StudyDetail | null } },
  );

test('a prior that comes late hangs where its place is, also after the first pane got the focus by itself', () => {
  const { result, rerender } = opened();
  expect(result.current.panes.series).toEqual(['now', null]);
  act(() => result.current.setPanes((panes) => activatePane(panes, panes.active)));
  rerender({ prior });
  expect(result.current.panes.series).toEqual(['now', 'before']);
});

test('what a reader hung stays when the prior comes', () => {
  const { result, rerender } = opened();
  act(() => result.current.setPanes((panes) => hangSeries(panes, 'now', 1)));
  rerender({ prior });
  expect(result.current.panes.series).toEqual(['now', 'now']);
});
