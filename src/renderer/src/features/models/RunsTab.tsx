import { Button, SegmentedControl } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelRun } from '../../../../shared/contract/model-figures.ts';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { RunId } from '../../../../shared/domain/ids.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { formatTook } from './coverage-text.ts';
import classes from './models.module.css';
import { useRuns } from './use-models.ts';

/** The model's runs, newest first: how each ended and how long it took, and nothing of what it said. */
export function RunsTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const [only, setOnly] = useState<'all' | 'not-run'>('all');
  const runs = useRuns(model.digest, only === 'all' ? undefined : only);
  return (
    <Section
      title={t('runs.title')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('runs.which')}
          value={only}
          onChange={(value) => setOnly(value === 'not-run' ? 'not-run' : 'all')}
          data={(['all', 'not-run'] as const).map((one) => ({ value: one, label: t(`runs.only.${one}`) }))}
        />
      }
    >
      <Answered
        answer={runs}
        failed={t('runs.failed')}
        skeleton={<TableSkeleton columns={['1fr', '1fr', '2fr', '1fr', '1fr', '1fr']} rows={8} />}
      >
        {(rows) =>
          rows.length === 0 ? (
            <p className={page.quiet}>{t(`runs.none.${only}`)}</p>
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
              {runs.fetchMore !== null && (
                <Button variant="default" size="xs" onClick={runs.fetchMore}>
                  {t('app:list.more')}
                </Button>
              )}
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
        <Link to="/runs/$runId" params={{ runId: RunId.parse(run.runId) }}>
          {formatMoment(queuedAtMs, zone)}
        </Link>
      </td>
      <td>
        <StudyOfRun studyId={run.studyId} />
      </td>
      <td>
        {t(`runs.state.${run.state}`)}
        {run.reason !== null && <span className={classes.dim}> {t([`app:ai.reason.${run.reason}`])}</span>}
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

/** The study where its reader reads it, else its record; whoever may do neither sees which one it is. */
function StudyOfRun({ studyId }: { readonly studyId: ModelRun['studyId'] }): ReactNode {
  const { t } = useTranslation('models');
  const { permissions } = useCurrentUser();
  const name = t('runs.study', { end: studyId.slice(-6) });
  if (permissions.includes('study.open'))
    return (
      <Link to="/reading/$studyId" params={{ studyId }}>
        {name}
      </Link>
    );
  if (!permissions.includes('audit.read')) return name;
  return (
    <Link to="/audit" search={{ study: studyId }}>
      {name}
    </Link>
  );
}
