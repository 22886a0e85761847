import { wilsonInterval } from '../../../shared/domain/wilson-interval.ts';

type Outcomes = {
  readonly run: number;
  /** A series fits and there is no result. */
  readonly notRun: number;
  /** Came today or yesterday and still waits. */
  readonly open: number;
  /** The exam is one the model is made for, and no series of it can be read. */
  readonly noFit: number;
};

/** What the exams of a window came to, and those of the four windows before it. */
export type CoverageTally = Outcomes & { readonly before: Outcomes };

/** When a site is told: below this share of eligible studies run, over this many days, with at least so many studies. */
export type CoverageLimits = { readonly leastShare: number; readonly days: number; readonly leastStudies: number };

/**
 * `below-limit`: fewer eligible studies are run than the site's limit. `fits-less`: clearly fewer exams than before have a
 * series that can be read, as when a protocol was changed. `fell-silent`: a scanner's protocol that gave many exams gives none.
 */
export const COVERAGE_CAUSES = ['below-limit', 'fits-less', 'fell-silent'] as const;
export type CoverageCause = (typeof COVERAGE_CAUSES)[number];

/** The share of eligible studies that were run, of those that no longer wait; null where there are none. */
export function coverageOf({ run, notRun }: Pick<Outcomes, 'run' | 'notRun'>): number | null {
  return run + notRun === 0 ? null : run / (run + notRun);
}

/** Why a tally is alarming; too few studies are no reason. All scanners together do not fall silent: a site may be closed. */
export function judgeCoverage(
  tally: CoverageTally,
  { leastShare, leastStudies }: CoverageLimits,
  of: 'all' | 'one',
): readonly CoverageCause[] {
  const { before } = tally;
  const causes: CoverageCause[] = [];
  const share = coverageOf(tally);
  if (share !== null && share < leastShare && tally.run + tally.notRun >= leastStudies) causes.push('below-limit');
  const [now, then] = [examsOf(tally), examsOf(before)];
  if (now >= leastStudies && then >= leastStudies) {
    const fits = wilsonInterval(now - tally.noFit, now);
    if (fits.high < wilsonInterval(then - before.noFit, then).low) causes.push('fits-less');
  }
  if (of === 'one' && now === 0 && then >= 4 * leastStudies) causes.push('fell-silent');
  return causes;
}

function examsOf({ run, notRun, open, noFit }: Outcomes): number {
  return run + notRun + open + noFit;
}
