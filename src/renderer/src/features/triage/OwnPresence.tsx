import { Button, NumberInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { PRESENCE_STATES, type PresenceState } from '../../../../shared/domain/triage-routing.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { formatTimeOfDay } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { Section } from '../../ui/Section.tsx';
import classes from './triage.module.css';

/** A reader says of themselves that they are here, on a break or off, for so long. */
export function OwnPresence({ said }: Pick<RoutingState, 'said'>): ReactNode {
  const { t } = useTranslation('triage');
  const cache = useQueryClient();
  const [minutes, setMinutes] = useState<number | string>(30);
  const isTime = Number.isInteger(minutes) && Number(minutes) >= 5 && Number(minutes) <= 1440;
  const saying = useMutation({
    mutationFn: (state: PresenceState | null) =>
      client.routing.sayPresence({ said: state === null ? null : { state, minutes: Number(minutes) } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: station.routing.key() }),
  });
  return (
    <Section title={t('presence.title')}>
      <p role="status">
        {said === null
          ? t('presence.none')
          : t(`presence.said.${said.state}`, { until: formatTimeOfDay(said.untilMs) })}
      </p>
      <div className={classes.ruleHead}>
        <NumberInput
          label={t('presence.minutes')}
          min={5}
          max={1440}
          step={15}
          allowDecimal={false}
          value={minutes}
          onChange={setMinutes}
          w={190}
        />
        {PRESENCE_STATES.map((state) => (
          <Button
            key={state}
            variant={said?.state === state ? 'light' : 'default'}
            disabled={!isTime}
            loading={saying.isPending && saying.variables === state}
            onClick={() => saying.mutate(state)}
          >
            {t(`presence.say.${state}`)}
          </Button>
        ))}
        {said !== null && (
          <Button variant="subtle" onClick={() => saying.mutate(null)}>
            {t('presence.end')}
          </Button>
        )}
      </div>
      <p className={page.quiet}>{t('presence.text')}</p>
      <RefusalText failure={saying.isError ? failureOf(saying.error) : null} t={t} />
    </Section>
  );
}
