import { Button, Code } from '@mantine/core';
import { IconInbox, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistQuestion } from '../../../../shared/contract/worklist.ts';
import { station } from '../../bridge/queries.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';

type Props = {
  readonly question: WorklistQuestion;
  readonly text: string;
  readonly onQuestion: (changed: Partial<WorklistQuestion>) => void;
};

/** Why the list is empty, and what to do: search otherwise, choose another filter, or send the first study. */
export function NothingListed({ question, text, onQuestion }: Props): ReactNode {
  const { t } = useTranslation();
  const { filter, narrowed } = question;
  const isNarrowed = Object.keys(narrowed).length > 0;
  if (text !== '') {
    return (
      <EmptyState icon={<IconSearch size={28} />} title={t('worklist.nothingFound')}>
        <p>{t('worklist.nothingFoundText')}</p>
        {filter !== 'comparison' && (
          <Button size="xs" variant="default" onClick={() => onQuestion({ filter: 'comparison' })}>
            {t('worklist.searchComparison')}
          </Button>
        )}
      </EmptyState>
    );
  }
  if (isNarrowed) {
    return (
      <EmptyState icon={<IconInbox size={28} />} title={t('worklist.nothingNarrowed')}>
        <p>{t('worklist.nothingNarrowedText')}</p>
        <Button size="xs" variant="default" onClick={() => onQuestion({ narrowed: {} })}>
          {t('worklist.narrow.clear')}
        </Button>
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
