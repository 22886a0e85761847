import { IconBrain } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CoverageLimits } from '../../../../shared/contract/model-figures.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import hidden from '../../ui/Unseen.module.css';
import { CoverageBar } from './CoverageBar.tsx';
import { formatTook, percentDown } from './coverage-text.ts';
import { DriftMark } from './DriftMark.tsx';
import classes from './models.module.css';
import { ProviderText } from './ProviderText.tsx';
import { RefusedPackages } from './RefusedPackages.tsx';
import { StageMark } from './StageMark.tsx';
import { type ListedModel, useModels } from './use-models.ts';

const COLUMNS = ['model', 'stage', 'computedOn', 'coverage', 'notRun', 'p95', 'drift'] as const;

/** Every model here: how far it reaches, and whether it does what it should. */
export function ModelsPage(): ReactNode {
  const { t } = useTranslation('models');
  // Whoever does not govern models is told of those alone that are shown.
  const nothing = useCurrentUser().permissions.includes('models.silent') ? 'empty' : 'noneShown';
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('title')}</h1>
      <RefusedPackages />
      <Answered
        answer={useModels()}
        failed={t('failed')}
        skeleton={<TableSkeleton columns={['2fr', '1fr', '1fr', '2fr', '1fr', '1fr', '1fr']} rows={5} rowHeight={48} />}
      >
        {({ models, limits }) =>
          models.length === 0 ? (
            <EmptyState icon={<IconBrain size={32} />} title={t(`${nothing}.title`)}>
              {t(`${nothing}.text`)}
            </EmptyState>
          ) : (
            <DataTable
              label={t('title')}
              columns={COLUMNS.map((column) => t(`column.${column}`, { days: limits.days }))}
            >
              {models.map((model) => (
                <ModelRow key={model.card.digest} model={model} limits={limits} />
              ))}
            </DataTable>
          )
        }
      </Answered>
    </div>
  );
}

function ModelRow({ model, limits }: { readonly model: ListedModel; readonly limits: CoverageLimits }): ReactNode {
  const { t } = useTranslation('models');
  const { card, figures } = model;
  const tally = figures?.coverage;
  const exams = tally === undefined ? 0 : tally.run + tally.notRun + tally.noFit + tally.open;
  return (
    <tr>
      <td className={classes.model}>
        <Link to="/models/$digest" params={{ digest: card.digest }}>
          {card.name}
        </Link>
        <span className={classes.dim}>{t('versionOf', { version: card.version, vendor: card.vendor })}</span>
      </td>
      <td>
        <StageMark card={card} />
      </td>
      <td>
        <ProviderText on={card.computedOn} />
      </td>
      <td>
        {tally !== undefined && <CoverageBar tally={tally} alarms={figures?.alarms ?? []} limit={limits.leastShare} />}
      </td>
      <td data-number>
        {tally === undefined || exams === 0
          ? '–'
          : t('notRunShare', { percent: percentDown((tally.notRun + tally.noFit) / exams), of: exams })}
      </td>
      <td data-number>{figures?.p95Ms == null ? '–' : formatTook(figures.p95Ms)}</td>
      <td>
        <DriftMark level={figures?.drift ?? null} />
      </td>
    </tr>
  );
}
