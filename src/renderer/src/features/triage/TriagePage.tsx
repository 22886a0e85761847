import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriageState } from '../../../../shared/contract/triage.ts';
import { Answered } from '../../ui/Answered.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import hidden from '../../ui/Unseen.module.css';
import { HistoryTab } from './HistoryTab.tsx';
import { PolicyTab } from './PolicyTab.tsx';
import { RoutingTab } from './RoutingTab.tsx';
import { RulesTab } from './RulesTab.tsx';
import { TRIAGE_TABS } from './triage-tabs.ts';
import { useTriage } from './use-triage.ts';
import { WaitsTab } from './WaitsTab.tsx';

const PANELS: Readonly<Record<(typeof TRIAGE_TABS)[number], (props: { readonly triage: TriageState }) => ReactNode>> = {
  policy: PolicyTab,
  rules: RulesTab,
  routing: RoutingTab,
  waits: WaitsTab,
  history: HistoryTab,
};

/** How the site places its studies: what its medical lead signed, its rules, what AI changes of how long studies wait, and every version. */
export function TriagePage(): ReactNode {
  const { t } = useTranslation('triage');
  const navigate = useNavigate();
  const triage = useTriage();
  const { tab = 'policy' } = useSearch({ from: '/shell/triage' });
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('title')}</h1>
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ to: '/triage', search: { tab: TRIAGE_TABS.find((one) => one === next) } })}
        keepMounted={false}
        className={page.tabs}
        classNames={{ panel: page.panel }}
      >
        <Tabs.List>
          {TRIAGE_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TRIAGE_TABS.map((one) => {
          const Panel = PANELS[one];
          return (
            <Tabs.Panel key={one} value={one}>
              <div className={page.sections}>
                <Answered
                  answer={triage}
                  failed={t('failed')}
                  skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '1fr']} rows={8} />}
                >
                  {(data) => <Panel triage={data} />}
                </Answered>
              </div>
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </div>
  );
}
