import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriageReplay } from '../../../../shared/contract/triage.ts';
import { formatSpan } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import classes from './triage.module.css';

type Props = { readonly title: string; readonly waits: TriageReplay['flagged']; readonly of?: 'ai' | 'rules' };

const CURVES = [
  ['actual', 'really'],
  ['changed', 'without'],
  ['asItWas', 'with'],
] as const;
const STEPS = 20;

/** Waits from the shortest to the longest, both ways in which the log was worked and as they really were. */
export function WaitCurves({ title, waits, of = 'ai' }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const longestMs = Math.max(1, ...CURVES.flatMap(([curve]) => waits[curve]));
  if (waits.studies === 0) return <p className={page.quiet}>{title}</p>;
  const median = (curve: readonly number[]) => formatSpan(curve[STEPS / 2] ?? 0);
  return (
    <figure className={page.stack} style={{ margin: 0 }}>
      <figcaption className={page.heading}>{title}</figcaption>
      <div className={classes.axis} aria-hidden>
        <span>{formatSpan(longestMs)}</span>
      </div>
      <svg
        className={classes.chart}
        viewBox={`0 0 ${STEPS} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t(of === 'ai' ? 'waits.said' : 'waits.saidOfRules', {
          with: median(waits.asItWas),
          without: median(waits.changed),
        })}
      >
        {CURVES.map(([curve, look]) => (
          <polyline
            key={curve}
            className={classes[look]}
            points={waits[curve].map((ms, step) => `${step},${100 - (ms / longestMs) * 98}`).join(' ')}
          />
        ))}
      </svg>
      <div className={classes.axis} aria-hidden>
        <span>{t('waits.shortest')}</span>
        <span>{t('waits.median')}</span>
        <span>{t('waits.longest')}</span>
      </div>
      <ul className={classes.legend}>
        {CURVES.toReversed().map(([curve, look]) => (
          <li key={curve}>
            <svg viewBox="0 0 28 8" aria-hidden>
              <line className={classes[look]} x1="0" x2="28" y1="4" y2="4" />
            </svg>
            {t(`waits.${of === 'ai' ? 'curve' : 'curveOfRules'}.${curve}`, { median: median(waits[curve]) })}
          </li>
        ))}
      </ul>
    </figure>
  );
}
