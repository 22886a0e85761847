import { Select } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriageReplay, TriageState } from '../../../../shared/contract/triage.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatSpan } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './triage.module.css';
import { useReplay } from './use-triage.ts';
import { WaitCurves } from './WaitCurves.tsx';

const DAYS = ['1', '7', '14', '30', '90'] as const;

/** How long studies wait with and without AI: the site's own log worked anew with its models, or one of them, left out. */
export function WaitsTab({ triage }: { readonly triage: TriageState }): ReactNode {
  const { t } = useTranslation('triage');
  const [days, setDays] = useState('14');
  const [without, setWithout] = useState('all');
  const replay = useReplay(Number(days), without);
  return (
    <>
      <Section
        title={t('waits.title')}
        actions={
          <>
            <Select
              size="xs"
              aria-label={t('waits.days')}
              allowDeselect={false}
              value={days}
              data={DAYS.map((value) => ({ value, label: t('waits.lastDays', { count: Number(value) }) }))}
              onChange={(value) => setDays(value ?? days)}
            />
            <Select
              size="xs"
              w={260}
              aria-label={t('waits.without')}
              allowDeselect={false}
              value={without}
              data={[
                { value: 'all', label: t('waits.withoutAll') },
                ...triage.models.map(({ digest, name }) => ({ value: digest, label: t('waits.withoutOne', { name }) })),
              ]}
              onChange={(value) => setWithout(value ?? without)}
            />
          </>
        }
      >
        <p className={page.quiet}>{t('waits.text')}</p>
        <Answered
          answer={replay}
          failed={t('waits.failed')}
          skeleton={<TableSkeleton columns={['1fr', '1fr']} rows={6} />}
        >
          {(data) => <Waits replay={data} />}
        </Answered>
      </Section>
      <Section title={t('models.title')}>
        <p className={page.quiet}>{t('models.text', { count: triage.policy.alertBudget.falseAlarmsADay })}</p>
        {triage.models.length === 0 ? (
          <p className={page.quiet}>{t('models.none')}</p>
        ) : (
          <DataTable
            label={t('models.title')}
            columns={[t('column.model'), t('column.predictiveValue'), t('column.falseAlarms')]}
          >
            {triage.models.map(({ digest, name, predictiveValue, falseAlarms }) => (
              <tr key={digest}>
                <td>{name}</td>
                <td data-number>
                  {predictiveValue === null ? t('models.notMeasured') : t('models.measured', predictiveValue)}
                </td>
                <td data-number>
                  {falseAlarms === null
                    ? t('models.notMeasured')
                    : t('models.used', { used: falseAlarms.toFixed(1), of: triage.policy.alertBudget.falseAlarmsADay })}
                </td>
              </tr>
            ))}
          </DataTable>
        )}
      </Section>
    </>
  );
}

function Waits({ replay }: { readonly replay: TriageReplay }): ReactNode {
  const { t } = useTranslation('triage');
  const { flagged, others, most, studies, isCut } = replay;
  if (flagged.studies + others.studies === 0) return <p className={page.quiet}>{t('waits.empty')}</p>;
  return (
    <div className={page.stack}>
      <p>{t(isCut ? 'waits.countedCut' : 'waits.counted', { count: flagged.studies + others.studies, of: studies })}</p>
      <div className={classes.pair}>
        <WaitCurves title={t('waits.flagged', { count: flagged.studies })} waits={flagged} />
        <WaitCurves title={t('waits.others', { count: others.studies })} waits={others} />
      </div>
      {most.length > 0 && (
        <DataTable
          label={t('waits.most')}
          columns={[
            t('column.study'),
            t('column.flagged'),
            t('column.really'),
            t('column.withAi'),
            t('column.withoutAi'),
          ]}
        >
          {most.slice(0, 20).map(({ studyId, isFlagged, actualMs, asItWasMs, changedMs }) => (
            <tr key={studyId}>
              <td>
                <Link to="/triage/studies/$studyId" params={{ studyId }}>
                  {t('studyEnd', { end: studyId.slice(-6) })}
                </Link>
              </td>
              <td>{t(isFlagged ? 'waits.isFlagged' : 'waits.isNotFlagged')}</td>
              <td data-number>{actualMs === null ? t('waits.unopened') : formatSpan(actualMs)}</td>
              <td data-number>{formatSpan(asItWasMs)}</td>
              <td data-number>{formatSpan(changedMs)}</td>
            </tr>
          ))}
        </DataTable>
      )}
    </div>
  );
}
