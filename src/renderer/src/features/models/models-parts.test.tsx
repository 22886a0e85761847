import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { setUpPage, show } from '../../app/test-page.tsx';
import { CardText } from './CardText.tsx';
import { CoverageBar } from './CoverageBar.tsx';
import { DayBars } from './DayBars.tsx';
import { IndexLine, ShareBars } from './DriftCharts.tsx';
import { DriftMark } from './DriftMark.tsx';
import { StageMark } from './StageMark.tsx';

setUpPage();

const CLOSED = { state: 'closed', faults: 0, reason: null, sinceMs: null, probeAtMs: null } as const;
const NONE = { run: 0, notRun: 0, open: 0, noFit: 0 };
const tally = (run: number, notRun: number) => ({ ...NONE, run, notRun, before: NONE });

test('coverage says its numbers, and every alarm once in words', () => {
  const alarm = { sourceId: 0, cause: 'below-limit', raisedAtMs: 1 } as const;
  show(<CoverageBar tally={tally(18, 2)} alarms={[alarm, { ...alarm, sourceId: 7 }]} limit={0.95} />);
  expect(screen.getByText('90 % (18 of 20)')).toBeDefined();
  expect(screen.getAllByText('below the limit')).toHaveLength(1);
  expect(document.querySelector('rect[data-low="true"]')).not.toBeNull();
});

test('a model that nothing was eligible for shows no bar and no percentage', () => {
  show(<CoverageBar tally={tally(0, 0)} alarms={[]} limit={0.95} />);
  expect(screen.getByText('no eligible study')).toBeDefined();
  expect(document.querySelector('svg')).toBeNull();
  expect(document.body.textContent).not.toContain('%');
});

test.each([
  [null, 'not judged'],
  ['too-few', 'too few runs'],
  ['steady', 'steady'],
  ['moved', 'moved'],
  ['moved-far', 'moved far'],
] as const)('drift %s is said in words beside its shape', (level, words) => {
  show(<DriftMark level={level} />);
  expect(screen.getByText(words)).toBeDefined();
});

test('a model in general use that may not be shown says so, and a broken package is named', () => {
  show(<StageMark card={{ stage: 'general', isShown: false, packageState: 'broken', breaker: CLOSED }} />);
  expect(screen.getByText('General')).toBeDefined();
  expect(screen.getByText('not shown: for no clinical use')).toBeDefined();
  expect(screen.getByText('broken: golden cases differ')).toBeDefined();
});

test('markup in a card is text, and no element of it is made', () => {
  const text =
    '# Card\n\n<script>alert(1)</script> <img src="x">\n\n[link](javascript:alert(1))\n\n| a | b |\n|---|---|\n| 1 | 2 |';
  show(<CardText text={text} />);
  expect(document.querySelectorAll('script, img, a')).toHaveLength(0);
  expect(document.body.textContent).toContain('<script>alert(1)</script>');
  expect(screen.getByRole('table')).toBeDefined();
});

test('days without a study leave their place empty, the others say their date', () => {
  show(<DayBars figures={{ today: 20_000, days: [{ day: 19_998, run: 3, notRun: 1 }] }} last={7} />);
  expect(document.querySelector('title')?.textContent).toBe('2024-10-02: 3 of 4');
  const [ran, missed] = document.querySelectorAll('rect');
  expect(Number(ran?.getAttribute('x'))).toBeCloseTo((4 + 0.1) * (100 / 7), 6);
  expect([Number(ran?.getAttribute('height')), Number(missed?.getAttribute('height'))]).toEqual([30, 10]);
});

test('a week alone is a mark and not a line, and where nothing is known there is no chart', () => {
  const week = { runs: 60, referenceRuns: 90, ks: null, ksP: null, level: 'steady' } as const;
  const again = show(<IndexLine weeks={[{ ...week, week: 2900, psi: 0.05 }]} label="one" />);
  expect(document.querySelector('polyline')).toBeNull();
  again(
    <IndexLine
      label="two"
      weeks={[
        { ...week, week: 2900, psi: 0.05 },
        { ...week, week: 2901, psi: 0.4 },
      ]}
    />,
  );
  expect(document.querySelector('polyline')?.getAttribute('points')?.split(' ')).toHaveLength(2);
  again(<IndexLine weeks={[{ ...week, week: 2900, psi: null }]} label="none" />);
  expect(document.querySelector('svg')).toBeNull();
  again(<ShareBars bars={[]} label="none" />);
  expect(document.querySelector('svg')).toBeNull();
});
