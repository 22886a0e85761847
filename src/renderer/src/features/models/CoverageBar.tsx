import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CoverageAlarm, CoverageTally } from '../../../../shared/contract/model-figures.ts';
import { coverageFace } from './coverage-text.ts';
import classes from './models.module.css';

type Props = {
  readonly tally: CoverageTally;
  readonly alarms: readonly CoverageAlarm[];
  /** The site's limit, in 0…1. */
  readonly limit: number;
};

/** The share of eligible studies that were run: a bar against the site's limit, the numbers, and what is alarming. */
export function CoverageBar({ tally, alarms, limit }: Props): ReactNode {
  const { t } = useTranslation('models');
  const { percent, share, run, of } = coverageFace(tally);
  const causes = [...new Set(alarms.map(({ cause }) => cause))];
  return (
    <span className={classes.coverage}>
      {percent === null ? (
        <span className={classes.dim}>{t('coverage.nothing')}</span>
      ) : (
        <>
          <svg className={classes.bar} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
            <rect className={classes.track} width="100" height="8" />
            <rect className={classes.fill} data-low={share < limit} width={share * 100} height="8" />
            <rect className={classes.limit} x={Math.min(99, limit * 100)} width="1" height="8" />
          </svg>
          <span className={classes.figure}>{t('coverage.share', { percent, run, of })}</span>
        </>
      )}
      {causes.map((cause) => (
        <strong key={cause} className={classes.alarm}>
          {t(`coverage.alarm.${cause}`)}
        </strong>
      ))}
    </span>
  );
}
