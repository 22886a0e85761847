import type { ReactNode } from 'react';
import type { FeatureDrift } from '../../../../shared/contract/model-figures.ts';
import { dateOfWeek } from './coverage-text.ts';
import classes from './models.module.css';

/** Above this the index counts as moved far (STANDARDS §8.2); the line is drawn there. */
const FAR = 0.25;

/** The stability index of each judged week, against the mark above which it has moved far. */
export function IndexLine({
  weeks,
  label,
}: {
  readonly weeks: FeatureDrift['weeks'];
  readonly label: string;
}): ReactNode {
  const known = weeks.flatMap(({ week, psi }) => (psi === null ? [] : [{ week, psi }]));
  if (known.length === 0) return '–';
  const most = Math.max(FAR * 1.5, ...known.map(({ psi }) => psi));
  const [first, last] = [known[0]?.week ?? 0, known.at(-1)?.week ?? 0];
  const x = (week: number) => (last === first ? 50 : (100 * (week - first)) / (last - first));
  const y = (psi: number) => 32 - (30 * psi) / most;
  return (
    <svg className={classes.chart} viewBox="0 0 100 34" preserveAspectRatio="none" role="img" aria-label={label}>
      <line className={classes.mark} x1="0" x2="100" y1={y(FAR)} y2={y(FAR)} />
      {known.length === 1 ? (
        <line className={classes.psi} x1="45" x2="55" y1={y(known[0]?.psi ?? 0)} y2={y(known[0]?.psi ?? 0)} />
      ) : (
        <polyline className={classes.psi} points={known.map(({ week, psi }) => `${x(week)},${y(psi)}`).join(' ')} />
      )}
      <title>{known.map(({ week, psi }) => `${dateOfWeek(week)}: ${psi.toFixed(2)}`).join('\n')}</title>
    </svg>
  );
}

/** The silent weeks as filled bars, the last judged week as a line over them. */
export function ShareBars({ bars, label }: { readonly bars: FeatureDrift['bars']; readonly label: string }): ReactNode {
  if (bars.length === 0) return '–';
  const most = Math.max(...bars.flatMap(({ reference, window }) => [reference, window]));
  const width = 100 / bars.length;
  const y = (share: number) => 33 - (31 * share) / most;
  const line = bars.flatMap(({ window }, index) => [
    `${index * width},${y(window)}`,
    `${(index + 1) * width},${y(window)}`,
  ]);
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return (
    <svg className={classes.chart} viewBox="0 0 100 34" preserveAspectRatio="none" role="img" aria-label={label}>
      {bars.map(({ from, reference }, index) => (
        <rect
          key={from}
          className={classes.reference}
          x={index * width + width * 0.06}
          width={width * 0.88}
          y={y(reference)}
          height={33 - y(reference)}
        />
      ))}
      <polyline className={classes.window} points={line.join(' ')} />
      <title>
        {bars.map(({ from, reference, window }) => `${from}: ${percent(reference)} → ${percent(window)}`).join('\n')}
      </title>
    </svg>
  );
}
