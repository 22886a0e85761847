import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail } from '../../../../shared/contract/models.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { useNow } from '../../ui/clock.ts';
import { formatMoment, formatSpan } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { Section } from '../../ui/Section.tsx';
import { Reserved } from './Reserved.tsx';

/** Whether the model's runs begin; where it is paused, since when and why, when it is tried again, and the way to have it tried now. */
export function BreakerSection({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTranslation('models');
  const { site, permissions } = useCurrentUser();
  const now = useNow();
  const cache = useQueryClient();
  const { state, faults, reason, sinceMs, probeAtMs } = model.breaker;
  const probing = useMutation({
    mutationFn: () => client.models.probe({ digest: model.digest }),
    onSettled: () => cache.invalidateQueries({ queryKey: station.models.key() }),
  });
  const said = {
    count: faults,
    reason: reason === null ? t('breaker.unknownReason') : t([`app:ai.reason.${reason}`, 'breaker.unknownReason']),
    since: sinceMs === null ? '' : formatMoment(sinceMs, site.zone),
    wait: probeAtMs === null ? '' : formatSpan(Math.max(0, probeAtMs - now)),
  };
  return (
    <Section
      title={t('breaker.title')}
      actions={
        state === 'open' &&
        (permissions.includes('models.expose') ? (
          <Button variant="default" loading={probing.isPending} onClick={() => probing.mutate()}>
            {t('breaker.probe')}
          </Button>
        ) : (
          <Reserved what={t('breaker.probe')} permission="models.expose" />
        ))
      }
    >
      <p className={state === 'closed' ? page.quiet : page.warn}>
        {t(`breaker.says.${state === 'closed' && faults > 0 ? 'failing' : state}`, said)}
        {state === 'open' && probeAtMs !== null && ` ${t('breaker.next', said)}`}
      </p>
      <RefusalText failure={probing.isError ? failureOf(probing.error) : null} t={t} />
    </Section>
  );
}
