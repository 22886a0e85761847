import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FeatureDrift } from '../../../../shared/contract/model-figures.ts';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { dateOfWeek } from './coverage-text.ts';
import { DriftMark } from './DriftMark.tsx';
import { IndexLine, ShareBars } from './DriftCharts.tsx';
import classes from './models.module.css';
import { useDrift } from './use-models.ts';

const SCORE = 'score:';

/** Whether what the model reads and says is still as it was while it was silent, week by week. */
export function DriftTab({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  return (
    <Section title={t('drift.title')}>
      <p className={page.quiet}>{t('drift.text')}</p>
      <ul className={classes.list}>
        {(['moved', 'moved-far', 'chance'] as const).map((one) => (
          <li key={one}>{t(`drift.means.${one}`)}</li>
        ))}
      </ul>
      <Answered
        answer={useDrift(model.digest)}
        failed={t('drift.failed')}
        skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '1fr']} rows={6} rowHeight={44} />}
      >
        {({ features, suspends }) => (
          <>
            <p>{t(suspends ? 'drift.suspends' : 'drift.warnsOnly')}</p>
            {features.length === 0 ? (
              <p className={page.quiet}>{t(model.stage === 'silent' ? 'drift.gathering' : 'drift.none')}</p>
            ) : (
              <DataTable
                label={t('drift.title')}
                columns={(['feature', 'week', 'level', 'psi', 'ks', 'weeks', 'shares'] as const).map((one) =>
                  t(`drift.column.${one}`),
                )}
              >
                {features.map((feature) => (
                  <FeatureRow key={feature.feature} drift={feature} model={model} />
                ))}
              </DataTable>
            )}
          </>
        )}
      </Answered>
    </Section>
  );
}

function FeatureRow({ drift, model }: { readonly drift: FeatureDrift; readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const last = drift.weeks.at(-1);
  if (last === undefined) return null;
  const label = drift.feature.startsWith(SCORE) ? drift.feature.slice(SCORE.length) : null;
  const of = model.labels.find(({ id }) => id === label);
  const name =
    label === null
      ? t(`drift.feature.${drift.feature}`)
      : t(of?.flagWhen === 'at-most' ? 'drift.scoreLow' : 'drift.score', { label: of?.name ?? label });
  return (
    <tr>
      <td className={classes.feature}>{name}</td>
      <td data-number>
        {dateOfWeek(last.week)}
        <small className={classes.dim}> {t('drift.runs', { count: last.runs, of: last.referenceRuns })}</small>
      </td>
      <td>
        <DriftMark level={last.level} />
      </td>
      <td data-number>{last.psi === null ? '–' : last.psi.toFixed(2)}</td>
      <td data-number>
        {last.ks === null ? '–' : t('drift.ks', { distance: last.ks.toFixed(2), chance: chanceText(last.ksP) })}
      </td>
      <td>
        <IndexLine weeks={drift.weeks} label={t('drift.chart.weeks', { name })} />
      </td>
      <td>
        <ShareBars bars={drift.bars} label={t('drift.chart.shares', { name })} />
      </td>
    </tr>
  );
}

function chanceText(p: number | null): string {
  if (p === null) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}
