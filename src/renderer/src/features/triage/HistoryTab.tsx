import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingCard } from '../../../../shared/contract/routing.ts';
import type { PolicyCard, RulesCard, TriageState } from '../../../../shared/contract/triage.ts';
import { client } from '../../bridge/client.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { SignDialog } from './SignDialog.tsx';

/** Every version of the policy and of the rules, who proposed and who signed it and why, and the way back to one. */
export function HistoryTab({ triage }: { readonly triage: TriageState }): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <>
      <Section title={t('history.policy')}>
        <Versions cards={triage.policies} label={t('history.policy')} />
      </Section>
      <Section title={t('history.rules')}>
        <Versions cards={triage.ruleSets} label={t('history.rules')} />
      </Section>
    </>
  );
}

type Card = PolicyCard | RulesCard | RoutingCard;
type Props = { readonly cards: readonly Card[]; readonly label: string };

/** Versions of one kind of set, newest first, and the way back to one. */
export function Versions({ cards, label }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const [restoring, setRestoring] = useState<Card | null>(null);
  if (cards.length === 0) return <p className={page.quiet}>{t('history.empty')}</p>;
  const columns = ['version', 'state', 'proposed', 'signed', 'why', 'actions'] as const;
  return (
    <>
      <DataTable label={label} columns={columns.map((column) => t(`column.${column}`))}>
        {cards.map((card) => (
          <tr key={card.version}>
            <td data-number>{card.version}</td>
            <td>{t(`state.${card.state}`)}</td>
            <td>
              {card.proposedBy.display ?? card.proposedBy.id}
              <span className={page.facts}>{formatMoment(card.proposedAtMs)}</span>
            </td>
            <td>
              {card.signedBy === null ? '–' : (card.signedBy.display ?? card.signedBy.id)}
              {card.signedAtMs !== null && <span className={page.facts}>{formatMoment(card.signedAtMs)}</span>}
            </td>
            <td>
              {card.reason}
              {card.restores !== null && (
                <span className={page.facts}>{t('history.restores', { version: card.restores })}</span>
              )}
            </td>
            <td>
              {card.state === 'replaced' && permissions.includes('triage.lead') && (
                <Button size="compact-sm" variant="default" onClick={() => setRestoring(card)}>
                  {t('history.restore')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </DataTable>
      {restoring !== null && (
        <SignDialog
          title={t('history.restoreTitle', { version: restoring.version })}
          text={t('history.restoreText')}
          action={t('history.restore')}
          asks={['reason', 'password']}
          act={(given) => client.triage.rollBack({ kind: restoring.kind, version: restoring.version, ...given })}
          onClose={() => setRestoring(null)}
        />
      )}
    </>
  );
}
