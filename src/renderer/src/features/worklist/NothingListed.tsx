import { Button, Code } from '@mantine/core';
import { IconInbox, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistFilter } from '../../../../shared/contract/worklist.ts';
import { station } from '../../bridge/queries.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';

type Props = {
  readonly filter: WorklistFilter;
  readonly text: string;
  readonly onFilter: (filter: WorklistFilter) => void;
};

/** Why the list is empty, and what to do: search otherwise, choose another filter, or send the first study. */
export function NothingListed({ filter, text, onFilter }: Props): ReactNode {
  const { t } = useTranslation();
  if (text !== '') {
    return (
      <EmptyState icon={<IconSearch size={28} />} title={t('worklist.nothingFound')}>
        <p>{t('worklist.nothingFoundText')}</p>
        {filter !== 'comparison' && (
          <Button size="xs" variant="default" onClick={() => onFilter('comparison')}>
            {t('worklist.searchComparison')}
          </Button>
        )}
      </EmptyState>
    );
  }
  if (filter !== 'all') {
    return (
      <EmptyState icon={<IconInbox size={28} />} title={t('worklist.nothingInFilter')}>
        {t('worklist.nothingInFilterText')}
      </EmptyState>
    );
  }
  return <NothingReceived />;
}

function NothingReceived(): ReactNode {
  const { t } = useTranslation();
  const dicomIn = useQuery(station.station.status.queryOptions()).data?.dicomIn;
  return (
    <EmptyState icon={<IconInbox size={28} />} title={t('worklist.empty')}>
      <p>{t('worklist.emptyText')}</p>
      {dicomIn && (
        <p>
          {t('worklist.sendTo')}{' '}
          <Code>
            {t('worklist.sendToAddress', { ae: dicomIn.aeTitle, host: location.hostname, port: dicomIn.port })}
          </Code>
        </p>
      )}
    </EmptyState>
  );
}
