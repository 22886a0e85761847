import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../../../shared/contract/studies.ts';
import { useCurrentUser } from '../../../bridge/session.ts';
import { formatMoment } from '../../../ui/duration.ts';
import { RefusalText } from '../../../ui/RefusalText.tsx';
import classes from '../reading.module.css';
import type { Decisions } from './use-decisions.ts';

type Props = { readonly finding: Finding; readonly decisions: Decisions };

/** What a reader decided of a finding, and how to decide it, otherwise or back. Who may not decide sees what was decided. */
export function DecisionBar({ finding, decisions }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const { zone } = useCurrentUser().site;
  const { decision, state, findingId, label } = finding;
  const { mayDecide, decide, ask, refusal, isPending } = decisions;
  const name = label.display;
  const isOpen = mayDecide && state !== 'superseded';
  return (
    <>
      {decision !== null && (
        <p className={classes.decided}>
          <strong>
            {t(`decision.by.${decision.decision}`, { name: decision.by.name, at: formatMoment(decision.atMs, zone) })}
          </strong>
          {decision.reason !== null && <span>{t(`decision.reason.${decision.reason}`)}</span>}
          {decision.aspects.length > 0 && (
            <span>{decision.aspects.map((aspect) => t(`decision.aspect.${aspect}`)).join(', ')}</span>
          )}
          {decision.words !== null && <span>“{decision.words}”</span>}
        </p>
      )}
      {isOpen && (
        <div className={classes.decide} role="group" aria-label={t('decision.of', { name })}>
          {decision?.decision !== 'accepted' && (
            <Button
              {...SMALL}
              disabled={isPending}
              aria-label={t('decision.accept', { name })}
              onClick={() => decide(finding, { decision: 'accepted' })}
            >
              {t('decision.button.accepted')}
            </Button>
          )}
          <Button
            {...SMALL}
            disabled={isPending}
            aria-label={t('decision.reject', { name })}
            onClick={() => ask(finding, 'rejected')}
          >
            {t('decision.button.rejected')}
          </Button>
          <Button
            {...SMALL}
            disabled={isPending}
            aria-label={t('decision.modify', { name })}
            onClick={() => ask(finding, 'modified')}
          >
            {t('decision.button.modified')}
          </Button>
          {decision !== null && (
            <Button
              {...SMALL}
              variant="subtle"
              disabled={isPending}
              aria-label={t('decision.takeBack', { name })}
              onClick={() => decide(finding, { decision: 'withdrawn' })}
            >
              {t('decision.button.withdrawn')}
            </Button>
          )}
        </div>
      )}
      {refusal?.findingId === findingId && <RefusalText failure={refusal.failure} t={t} />}
    </>
  );
}

const SMALL = { size: 'compact-xs', px: 5, variant: 'default' } as const;
