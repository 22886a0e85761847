import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PeerStudy } from '../../../../shared/contract/peers.ts';
import hidden from '../../ui/Unseen.module.css';
import page from '../../ui/Page.module.css';
import { FindStudies } from './FindStudies.tsx';
import { PeerList } from './PeerList.tsx';
import { SendStudy } from './SendStudy.tsx';
import { TransferList } from './TransferList.tsx';
import { useTransfers } from './use-transfers.ts';

const TABS = ['find', 'transfers', 'peers'] as const;

/** What other machines have and get: looked for, fetched, sent, and who of them is there. */
export function ArchivePage(): ReactNode {
  const { t } = useTranslation('archive');
  const navigate = useNavigate();
  const { tab = 'find', study } = useSearch({ from: '/shell/archive' });
  const transfers = useTransfers();
  // What a peer said of a study stands in for it until something of it is here.
  const [asked, setAsked] = useState<ReadonlyMap<string, PeerStudy>>(new Map());
  const open = transfers.state === 'ready' ? transfers.transfers.filter(({ isOpen }) => isOpen).length : 0;
  const words = { find: t('tab.find'), transfers: t('tab.transfers', { count: open }), peers: t('tab.peers') };
  return (
    <div className={page.page}>
      <h1 className={hidden.unseen}>{t('title')}</h1>
      <Tabs
        value={tab}
        onChange={(next) => {
          const wanted = TABS.find((one) => one === next);
          void navigate({ to: '/archive', search: { tab: wanted } });
        }}
        keepMounted
        className={page.tabs}
        classNames={{ panel: page.panel }}
      >
        <Tabs.List>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {words[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="find">
          <FindStudies
            transfers={transfers}
            onAsked={(answer) => setAsked(new Map([...asked, ...answer.map((one) => [one.studyUid, one] as const)]))}
          />
        </Tabs.Panel>
        <Tabs.Panel value="transfers">
          <TransferList transfers={transfers} asked={asked} />
        </Tabs.Panel>
        <Tabs.Panel value="peers">
          <PeerList />
        </Tabs.Panel>
      </Tabs>
      {study !== undefined && (
        <SendStudy
          key={study}
          studyId={study}
          onClose={() => void navigate({ to: '/archive', search: { tab } })}
          onStarted={() => void navigate({ to: '/archive', search: { tab: 'transfers' } })}
        />
      )}
    </div>
  );
}
