import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import page from '../../ui/Page.module.css';
import hidden from '../../ui/Unseen.module.css';
import { CacheTab } from './CacheTab.tsx';
import { IntegrityTab } from './IntegrityTab.tsx';
import { RetentionTab } from './RetentionTab.tsx';

/** The parts of the page, as its address names them. */
const STORAGE_TABS = ['cache', 'retention', 'integrity'] as const;

const PANELS = { cache: CacheTab, retention: RetentionTab, integrity: IntegrityTab } as const;

/** What is stored here: how much room is left, what stays and for how long, and whether it is sound. */
export function StoragePage(): ReactNode {
  const { t } = useTranslation('storage');
  const navigate = useNavigate();
  const { tab = 'cache' } = useSearch({ from: '/shell/storage' });
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('title')}</h1>
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({ to: '/storage', search: { tab: STORAGE_TABS.find((one) => one === next) } })
        }
        keepMounted={false}
        className={page.tabs}
        classNames={{ panel: page.panel }}
      >
        <Tabs.List>
          {STORAGE_TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {STORAGE_TABS.map((one) => {
          const Panel = PANELS[one];
          return (
            <Tabs.Panel key={one} value={one}>
              <Panel />
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </div>
  );
}
