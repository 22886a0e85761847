import { Link } from '@tanstack/react-router';
import { Fragment, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StepLatency } from '../../../../shared/contract/model-figures.ts';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { formatTook, percentDown } from './coverage-text.ts';
import classes from './models.module.css';
import { reasonText } from './not-run-reason.ts';
import { useFigures } from './use-models.ts';
import { WINDOWS, WindowChooser } from './WindowChooser.tsx';

/** No run was begun, or none has ended: there is nothing to lead to. */
const HAS_NO_RUN: ReadonlySet<string> = new Set(['no-eligible-series', 'still-waiting']);

/** How long each step of a run takes, and why studies were not run. */
export function PerformanceTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const [days, setDays] = useState<number>(WINDOWS[0]);
  return (
    <Answered
      answer={useFigures(model.digest, days)}
      failed={t('performance.failed')}
      skeleton={<TableSkeleton columns={['1fr', '3fr', '1fr']} rows={7} />}
    >
      {({ steps, notRun, all }) => (
        <>
          <Section title={t('performance.title')} actions={<WindowChooser days={days} onChange={setDays} />}>
            {steps.length === 0 ? (
              <p className={page.quiet}>{t('performance.none')}</p>
            ) : (
              <>
                <p className={page.quiet}>{t('performance.text', { count: steps.at(-1)?.runs ?? 0 })}</p>
                <LatencyChart steps={steps} />
              </>
            )}
          </Section>
          <Section title={t('performance.notRun')}>
            {notRun.length === 0 ? (
              <p className={page.quiet}>{t('performance.allRun')}</p>
            ) : (
              <DataTable
                label={t('performance.notRun')}
                columns={(['reason', 'studies', 'share'] as const).map((one) => t(`performance.column.${one}`))}
              >
                {notRun.map(({ reason, exams }) => (
                  <tr key={reason}>
                    <td>
                      {HAS_NO_RUN.has(reason) ? (
                        reasonText(reason, t)
                      ) : (
                        <Link
                          to="/models/$digest"
                          params={{ digest: model.digest }}
                          search={{ tab: 'runs', because: reason }}
                        >
                          {reasonText(reason, t)}
                        </Link>
                      )}
                    </td>
                    <td data-number>{exams}</td>
                    <td data-number>{percentDown(exams / (all.run + all.notRun + all.noFit + all.open))}</td>
                  </tr>
                ))}
              </DataTable>
            )}
          </Section>
        </>
      )}
    </Answered>
  );
}

function LatencyChart({ steps }: { readonly steps: readonly StepLatency[] }): ReactNode {
  const { t } = useTranslation('models');
  const most = Math.max(1, ...steps.map(({ p99Ms }) => p99Ms));
  return (
    <div className={classes.latency}>
      <span className={classes.latencyHead}>{t('performance.step')}</span>
      <span />
      {(['p50', 'p95', 'p99'] as const).map((one) => (
        <span key={one} className={classes.latencyHead} data-end>
          {one}
        </span>
      ))}
      {steps.map(({ step, p50Ms, p95Ms, p99Ms }) => (
        <Fragment key={step}>
          <span>{t(`step.${step}`)}</span>
          <svg className={classes.latencyBar} viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden>
            <rect className={classes.p99} width={(100 * p99Ms) / most} height="12" />
            <rect className={classes.p95} width={(100 * p95Ms) / most} height="12" />
            <rect className={classes.p50} width={(100 * p50Ms) / most} height="12" />
          </svg>
          {[p50Ms, p95Ms, p99Ms].map((ms, index) => (
            <span key={index} data-end>
              {formatTook(ms)}
            </span>
          ))}
        </Fragment>
      ))}
    </div>
  );
}
