import { expect, test } from 'vitest';
import type { Finding } from '../../../shared/contract/studies.ts';
import { drawnFindings, heatmapFinding, toggleFinding, WHOLE_AI_VIEW } from './ai-view.ts';

const finding = (findingId: string, more: object = {}) =>
  ({
    findingId,
    state: 'unverified',
    standing: 'flagged',
    parts: [],
    boxes: [{}],
    heatmaps: [],
    ...more,
  }) as unknown as Finding;
const idsOf = (findings: readonly Finding[]) => findings.map(({ findingId }) => findingId);

test('draws what stands, has marks and is not hidden; one key hides everything', () => {
  const all = [
    finding('a'),
    finding('rejected', { state: 'rejected' }),
    finding('superseded', { state: 'superseded' }),
    finding('without marks', { boxes: [] }),
    finding('b'),
  ];
  expect(idsOf(drawnFindings(all, WHOLE_AI_VIEW))).toEqual(['a', 'b']);
  const without = toggleFinding(WHOLE_AI_VIEW, 'a');
  expect(idsOf(drawnFindings(all, without))).toEqual(['b']);
  expect(idsOf(drawnFindings(all, toggleFinding(without, 'a')))).toEqual(['a', 'b']);
  expect(drawnFindings(all, { ...WHOLE_AI_VIEW, isHidden: true })).toEqual([]);
});

test('one heatmap at a time: the first flag’s until somebody chooses, and none of a hidden finding', () => {
  const heatmaps = [{}];
  const all = [
    finding('u', { standing: 'uncertain', heatmaps }),
    finding('a', { heatmaps }),
    finding('b', { heatmaps }),
  ];
  const of = (view: object) => heatmapFinding(all, { ...WHOLE_AI_VIEW, ...view })?.findingId ?? null;
  expect([of({}), of({ heatmapOf: 'u' }), of({ heatmapOf: null })]).toEqual(['a', 'u', null]);
  expect([of({ hiddenFindings: new Set(['a']) }), of({ heatmapOf: 'b', hiddenFindings: new Set(['b']) })]).toEqual([
    'b',
    null,
  ]);
  expect(of({ isHidden: true })).toBeNull();
});
