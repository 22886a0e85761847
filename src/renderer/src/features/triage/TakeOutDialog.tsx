import { NumberInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { client } from '../../bridge/client.ts';
import { station } from '../../bridge/queries.ts';
import { SignDialog } from './SignDialog.tsx';

type Props = { readonly reader: RoutingState['readers'][number]; readonly onClose: () => void };

/** Takes a reader out of routing for so many hours, with a reason. */
export function TakeOutDialog({ reader, onClose }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const cache = useQueryClient();
  const [hours, setHours] = useState<number | string>(8);
  return (
    <SignDialog
      title={t('loads.takeOutOf', { name: reader.displayName })}
      text={t('loads.takeOutText')}
      action={t('loads.takeOut')}
      asks={['reason']}
      isReady={Number.isInteger(hours) && Number(hours) >= 1 && Number(hours) <= 168}
      act={async ({ reason }) => {
        await client.routing.takeOut({ userId: reader.userId, reason, hours: Number(hours) });
        await cache.invalidateQueries({ queryKey: station.routing.key() });
      }}
      onClose={onClose}
    >
      <NumberInput label={t('loads.hours')} min={1} max={168} allowDecimal={false} value={hours} onChange={setHours} />
    </SignDialog>
  );
}
