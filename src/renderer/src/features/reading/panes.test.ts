import { expect, test } from 'vitest';
import type { Finding, SeriesCard } from '../../../../shared/contract/studies.ts';
import {
  activeView,
  activatePane,
  bringFinding,
  changeLayout,
  countNotDisplayed,
  firstPanes,
  type Hanging,
  hangingOrder,
  hangNeighbour,
  hangSeries,
  isShownAs,
  noteDisplayed,
  placedIn,
  showAs,
  toggleLarge,
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
  const opened = (all: readonly Finding[]) => bringFinding(firstPanes(STUDY), STUDY, all).series;
  expect(opened(findings)).toEqual(['3']);
  expect(opened([finding('9')])).toEqual(['2']);
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

test('brings what AI found under the eye where it hangs already, and into the first viewport where it hangs nowhere', () => {
  const two = changeLayout(firstPanes(STUDY), '1x2', STUDY);
  const seen = (uid: string) => bringFinding(activatePane(two, 1), STUDY, [finding(uid)]);
  expect([seen('3').active, seen('3').series, seen('1').active, seen('1').series]).toEqual([
    1,
    ['2', '3'],
    0,
    ['1', '3'],
  ]);
});

test('makes one viewport large and brings the others back, with what was displayed meanwhile', () => {
  const four = activatePane(changeLayout(firstPanes(STUDY), '2x2', STUDY), 2);
  const large = noteDisplayed(toggleLarge(four), '1');
  expect([large.layout, large.series]).toEqual(['1x1', ['1']]);
  expect(toggleLarge(large)).toEqual({ ...four, displayed: new Set(['1']) });
  expect(toggleLarge(firstPanes(STUDY)).layout).toBe('1x1');
});

test('goes from series to series in the active viewport and stops at the ends', () => {
  const order = ['1', '2', '3'];
  const from2 = firstPanes(STUDY);
  expect([hangNeighbour(from2, order, 1).series, hangNeighbour(hangSeries(from2, '3'), order, 1).series]).toEqual([
    ['3'],
    ['3'],
  ]);
});

test('shows the active series in another way and as it is again; another series is shown as it is', () => {
  const opened = firstPanes(STUDY);
  const asItIs = activeView(opened);
  if (asItIs === null) throw new Error('nothing hangs');
  const [asFused, asVolume] = [
    { ...asItIs, shows: 'fused' },
    { ...asItIs, shows: 'volume' },
  ] as const;
  const fused = showAs(opened, asFused);
  expect([asItIs.shows, activeView(fused)]).toEqual([null, asFused]);
  expect(placedIn(fused, 0)).toMatchObject({ seriesUid: opened.series[0], shows: 'fused' });
  expect(activeView(showAs(showAs(fused, asVolume), asFused))).toEqual(asFused);
  expect(placedIn(showAs(fused, asItIs), 0)?.shows).toBeUndefined();
  // What is taken back is of that series: another one that hangs there since is left as it is.
  const other = hangSeries(fused, '3');
  expect([placedIn(other, 0), isShownAs(fused, asFused), isShownAs(other, asFused)]).toEqual([null, true, false]);
  expect(showAs(other, asVolume)).toBe(other);
});
