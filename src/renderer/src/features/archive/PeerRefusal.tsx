import { Button } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../bridge/failure.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';

type Props = { readonly title: string; readonly failure: Failure; readonly onRetry: () => void };

/** A peer that gave no answer is no fault of the station: what it is, and what to look at. */
export function PeerRefusal({ title, failure, onRetry }: Props): ReactNode {
  const { t } = useTranslation('archive');
  if (failure.code !== 'conflict' && failure.detail !== 'peer-not-found')
    return <IncidentNotice title={title} failure={failure} onRetry={onRetry} />;
  return (
    <div role="alert">
      <EmptyState icon={<IconPlugConnectedX size={28} />} title={title}>
        <p>{t([`refusal.${failure.detail}`, 'app:failure.unexpected-answer'])}</p>
        <Button variant="default" onClick={onRetry}>
          {t('app:failure.retry')}
        </Button>
      </EmptyState>
    </div>
  );
}
