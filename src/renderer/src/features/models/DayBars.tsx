import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelFigures } from '../../../../shared/contract/model-figures.ts';
import { dateOfDay } from './coverage-text.ts';
import classes from './models.module.css';

type Props = { readonly figures: Pick<ModelFigures, 'days' | 'today'>; readonly last: number };

/** Studies run and not run, a bar for each day up to today, from the first day of the window; days without any stay empty. */
export function DayBars({ figures: { days, today }, last }: Props): ReactNode {
  const { t } = useTranslation('models');
  const most = Math.max(1, ...days.map(({ run, notRun }) => run + notRun));
  if (days.length === 0) return null;
  const width = 100 / last;
  return (
    <div className={classes.byDay}>
      <svg
        className={classes.days}
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={t('coverage.byDay')}
      >
        {days.map(({ day, run, notRun }) => {
          const x = (last - 1 - (today - day)) * width;
          const [ran, missed] = [(run / most) * 40, (notRun / most) * 40];
          return (
            <g key={day}>
              <title>{t('coverage.ofDay', { date: dateOfDay(day), run, of: run + notRun })}</title>
              <rect className={classes.ran} x={x + width * 0.1} width={width * 0.8} y={40 - ran} height={ran} />
              <rect
                className={classes.missed}
                x={x + width * 0.1}
                width={width * 0.8}
                y={40 - ran - missed}
                height={missed}
              />
            </g>
          );
        })}
      </svg>
      <div className={classes.dayEnds} aria-hidden>
        <span>{dateOfDay(today - last + 1)}</span>
        <span>{dateOfDay(today)}</span>
      </div>
    </div>
  );
}
