import { Tabs } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { ComparisonTab } from './ComparisonTab.tsx';
import { CoverageTab } from './CoverageTab.tsx';
import { DriftTab } from './DriftTab.tsx';
import { ExposureTab } from './ExposureTab.tsx';
import { GoldenTab } from './GoldenTab.tsx';
import classes from './models.module.css';
import { MODEL_TABS } from './model-tabs.ts';
import { OverviewTab } from './OverviewTab.tsx';
import { PerformanceTab } from './PerformanceTab.tsx';
import { RunsTab } from './RunsTab.tsx';
import { SilentResultsTab } from './SilentResultsTab.tsx';
import { StageMark } from './StageMark.tsx';
import { useModel } from './use-models.ts';

const PANELS = {
  overview: OverviewTab,
  exposure: ExposureTab,
  comparison: ComparisonTab,
  results: SilentResultsTab,
  coverage: CoverageTab,
  performance: PerformanceTab,
  drift: DriftTab,
  runs: RunsTab,
  golden: GoldenTab,
} as const;

/** What only those see who govern models. */
const GOVERNING: ReadonlySet<string> = new Set(['exposure', 'comparison', 'results']);

/** One version of a model: what it is, how far it reaches and on what grounds, and what it did here. */
export function ModelPage(): ReactNode {
  const { t } = useTranslation('models');
  const { digest } = useParams({ from: '/shell/models/$digest' });
  return (
    <div className={page.page}>
      <Answered
        answer={useModel(digest)}
        failed={t('failedOne')}
        skeleton={<TableSkeleton columns={['1fr', '2fr']} rows={8} />}
      >
        {(model) => <ModelView model={model} />}
      </Answered>
    </div>
  );
}

function ModelView({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const navigate = useNavigate();
  const { tab = 'overview' } = useSearch({ from: '/shell/models/$digest' });
  const { permissions } = useCurrentUser();
  const tabs = MODEL_TABS.filter((one) => !GOVERNING.has(one) || permissions.includes('models.silent'));
  return (
    <>
      <div className={classes.head}>
        <Link to="/models" className={classes.back}>
          {t('all')}
        </Link>
        <h1>{model.name}</h1>
        <span className={classes.dim}>{t('versionOf', { version: model.version, vendor: model.vendor })}</span>
        <StageMark card={model} />
      </div>
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({
            ...{ to: '/models/$digest', params: { digest: model.digest } },
            search: { tab: MODEL_TABS.find((one) => one === next) },
          })
        }
        keepMounted={false}
        className={page.tabs}
        classNames={{ panel: page.panel }}
      >
        <Tabs.List>
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map((one) => {
          const Panel = PANELS[one];
          return (
            <Tabs.Panel key={one} value={one} className={page.sections} tabIndex={0}>
              <Panel model={model} />
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </>
  );
}
