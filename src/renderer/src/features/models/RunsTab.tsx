import { Button, SegmentedControl } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelRun } from '../../../../shared/contract/model-figures.ts';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { formatTook } from './coverage-text.ts';
import classes from './models.module.css';
import { MoreRows } from './MoreRows.tsx';
import { reasonText } from './not-run-reason.ts';
import { RunLink } from './RunLink.tsx';
import { StudyOfModel } from './StudyOfModel.tsx';
import { useRuns } from './use-models.ts';

/** The model's runs, newest first: how each ended and how long it took, and nothing of what it said. */
export function RunsTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const navigate = useNavigate();
  const { because, notRun } = useSearch({ from: '/shell/models/$digest' });
  const only = because !== undefined || notRun === true ? 'not-run' : 'all';
  const show = (search: { readonly notRun?: true }) =>
    void navigate({
      to: '/models/$digest',
      params: { digest: model.digest },
      search: { tab: 'runs', ...search },
    });
  const runs = useRuns(
    model.digest,
    because !== undefined ? { because } : only === 'not-run' ? { only: 'not-run' } : {},
  );
  return (
    <Section
      title={t('runs.title')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('runs.which')}
          value={only}
          onChange={(value) => show(value === 'not-run' ? { notRun: true } : {})}
          data={(['all', 'not-run'] as const).map((one) => ({ value: one, label: t(`runs.only.${one}`) }))}
        />
      }
    >
      {because !== undefined && (
        <p className={page.actions}>
          <span>{t('runs.because', { reason: reasonText(because, t) })}</span>
          <Button size="compact-xs" variant="default" onClick={() => show({ notRun: true })}>
            {t('runs.anyReason')}
          </Button>
        </p>
      )}
      <Answered
        answer={runs}
        failed={t('runs.failed')}
        skeleton={<TableSkeleton columns={['1fr', '1fr', '2fr', '1fr', '1fr', '1fr']} rows={8} />}
      >
        {(rows) =>
          rows.length === 0 ? (
            <p className={page.quiet}>{t(because === undefined ? `runs.none.${only}` : 'runs.none.because')}</p>
          ) : (
            <>
              <DataTable
                label={t('runs.title')}
                columns={(['queued', 'study', 'state', 'waited', 'took', 'provider'] as const).map((one) =>
                  t(`runs.column.${one}`),
                )}
              >
                {rows.map((run) => (
                  <RunRow key={run.runId} run={run} />
                ))}
              </DataTable>
              <MoreRows fetchMore={runs.fetchMore} />
            </>
          )
        }
      </Answered>
    </Section>
  );
}

function RunRow({ run }: { readonly run: ModelRun }): ReactNode {
  const { t } = useTranslation('models');
  const { zone } = useCurrentUser().site;
  const { startedAtMs, finishedAtMs, queuedAtMs } = run;
  return (
    <tr>
      <td data-number>
        <RunLink runId={run.runId}>{formatMoment(queuedAtMs, zone)}</RunLink>
      </td>
      <td>
        <StudyOfModel studyId={run.studyId} />
      </td>
      <td>
        {t(`runs.state.${run.state}`)}
        {run.reason !== null && <span className={classes.dim}> {reasonText(run.reason, t)}</span>}
        {run.isLate && <span className={classes.dim}> {t('runs.late')}</span>}
        {run.attempts > 1 && <span className={classes.dim}> {t('runs.attempts', { count: run.attempts })}</span>}
        {run.stage === 'silent' && <span className={classes.dim}> {t('runs.silent')}</span>}
      </td>
      <td data-number>{startedAtMs === null ? '–' : formatTook(Math.max(0, startedAtMs - queuedAtMs))}</td>
      <td data-number>
        {startedAtMs === null || finishedAtMs === null ? '–' : formatTook(Math.max(0, finishedAtMs - startedAtMs))}
      </td>
      <td>{run.provider?.toUpperCase() ?? '–'}</td>
    </tr>
  );
}
