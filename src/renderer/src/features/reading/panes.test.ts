import { expect, test } from 'vitest';
import type { Finding, SeriesCard } from '../../../../shared/contract/studies.ts';
import {
  activatePane,
  changeLayout,
  countNotDisplayed,
  firstPanes,
  type Hanging,
  hangingOrder,
  hangSeries,
  noteDisplayed,
  topFinding,
} from './panes.ts';

function card(seriesUid: string, instances: number, displayable = true): SeriesCard {
  const seriesId = '01930000-0000-7000-8000-000000000001' as SeriesCard['seriesId'];
  return { seriesId, seriesUid, number: Number(seriesUid), description: null, modality: 'CT', instances, displayable };
}

const SERIES = [card('1', 2), card('2', 30), card('3', 30), card('9', 500, false)];
const STUDY: Hanging = { series: SERIES, runs: [] };

/** A run that read this series; what else it did plays no part here. */
const runOn = (seriesUid: string | null) => ({ seriesUid }) as Hanging['runs'][number];

/** A finding as far as hanging asks. */
const finding = (seriesUid: string, state: Finding['state'] = 'unverified', standing = 'flagged') =>
  ({
    ...{ seriesUid, state, standing },
    keyImage: { sopUid: `key of ${seriesUid}`, centreMm: [0, 0, 0] },
  }) as unknown as Finding;

test('a study opens on the series of the first finding that still stands', () => {
  const findings = [finding('1', 'rejected'), finding('3'), finding('2')];
  expect(firstPanes(STUDY, findings).series).toEqual(['3']);
  expect(firstPanes(STUDY, [finding('9')]).series).toEqual(['2']);
  expect(topFinding(findings, '2')?.keyImage?.sopUid).toBe('key of 2');
  expect(topFinding(findings, '1')).toBeUndefined();
  // What AI is uncertain of opens nothing: it is no flag.
  expect(topFinding([finding('4', 'unverified', 'uncertain')])).toBeUndefined();
});

test('hangs the series with most images first, and never one that cannot be displayed', () => {
  expect(hangingOrder(STUDY)).toEqual(['2', '3', '1']);
  expect(firstPanes(STUDY).series).toEqual(['2']);
  expect(firstPanes({ series: [card('9', 1, false)], runs: [] }).series).toEqual([null]);
});

test('hangs what a model read before larger series, whatever it said', () => {
  expect(hangingOrder({ series: SERIES, runs: [runOn(null), runOn('1')] })).toEqual(['1', '2', '3']);
});

test('fills new panes with series not hung yet, and leaves the rest empty', () => {
  const two = changeLayout(firstPanes(STUDY), '1x2', STUDY);
  expect([two.series, two.active]).toEqual([['2', '3'], 0]);
  expect(changeLayout(two, '2x2', STUDY).series).toEqual(['2', '3', '1', null]);
});

test('keeps the series under the eye when panes go', () => {
  const four = activatePane(changeLayout(firstPanes(STUDY), '2x2', STUDY), 2);
  const one = changeLayout(four, '1x1', STUDY);
  expect([one.series, one.active]).toEqual([['1'], 0]);
  const two = changeLayout(activatePane(four, 1), '1x2', STUDY);
  expect([two.series, two.active]).toEqual([['2', '3'], 1]);
});

test('hangs a series in the active pane only', () => {
  const two = activatePane(changeLayout(firstPanes(STUDY), '1x2', STUDY), 1);
  expect(hangSeries(two, '1').series).toEqual(['2', '1']);
});

test('counts the displayable series that were not on the screen', () => {
  const panes = noteDisplayed(firstPanes(STUDY), '2');
  expect([countNotDisplayed(panes, SERIES), noteDisplayed(panes, '2') === panes]).toEqual([2, true]);
});
