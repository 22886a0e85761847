import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingCard } from '../../../../shared/contract/routing.ts';
import type { PolicyCard, RulesCard } from '../../../../shared/contract/triage.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { Section } from '../../ui/Section.tsx';
import { invalidateSets, SignDialog } from './SignDialog.tsx';

type Props = {
  readonly card: PolicyCard | RulesCard | RoutingCard;
  /** What it changes. */
  readonly children: ReactNode;
};

/** A version that waits for the medical lead: who proposed it and why, what it changes, and the ways to sign it or take it back. */
export function ProposalNotice({ card, children }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const cache = useQueryClient();
  const [isSigning, setIsSigning] = useState(false);
  const { kind, version, reason, proposedBy, proposedAtMs } = card;
  const withdrawing = useMutation({
    mutationFn: () => client.triage.withdraw({ kind, version }),
    onSuccess: () => invalidateSets(cache),
  });
  return (
    <Section
      title={t('proposal.title', { version })}
      actions={
        <>
          {permissions.includes('triage.propose') && (
            <Button size="xs" variant="default" loading={withdrawing.isPending} onClick={() => withdrawing.mutate()}>
              {t('proposal.withdraw')}
            </Button>
          )}
          {permissions.includes('triage.lead') && (
            <Button size="xs" onClick={() => setIsSigning(true)}>
              {t('proposal.sign')}
            </Button>
          )}
        </>
      }
    >
      <p className={page.quiet}>
        {t('proposal.by', { who: proposedBy.display ?? proposedBy.id, when: formatMoment(proposedAtMs), reason })}
      </p>
      {children}
      <RefusalText failure={withdrawing.isError ? failureOf(withdrawing.error) : null} t={t} />
      {isSigning && (
        <SignDialog
          title={t('proposal.signTitle', { version })}
          text={t(`proposal.signText.${kind}`)}
          action={t('proposal.sign')}
          asks={['password']}
          act={({ password }) => client.triage.sign({ kind, version, password })}
          onClose={() => setIsSigning(false)}
        />
      )}
    </Section>
  );
}
