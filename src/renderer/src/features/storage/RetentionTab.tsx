import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RetentionRulesCard } from '../../../../shared/contract/keeping.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { ApplyRules } from './ApplyRules.tsx';
import { DryRun } from './DryRun.tsx';
import { Section } from '../../ui/Section.tsx';
import { useDryRun, useRules } from './use-storage.ts';

/** The rules by which studies are deleted, what they would come to now, and only then the way to apply them. */
export function RetentionTab(): ReactNode {
  const { t } = useTranslation('storage');
  return (
    <div className={page.sections}>
      <Answered
        answer={useRules()}
        failed={t('rules.failed')}
        skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '1fr']} rows={6} />}
      >
        {(card) => <Retention card={card} />}
      </Answered>
    </div>
  );
}

function Retention({ card }: { readonly card: RetentionRulesCard }): ReactNode {
  const { t } = useTranslation('storage');
  const dryRun = useDryRun();
  const [isApplying, setIsApplying] = useState(false);
  const { rules, isRunning } = card;
  const isAnyInForce = rules.some(({ action, inForceBy }) => action === 'delete' && inForceBy !== null);
  const pages = dryRun.state === 'ready' ? dryRun.data : null;
  return (
    <>
      <Section title={t('rules.title')}>
        <p className={page.quiet}>{t(rules.length === 0 ? 'rules.empty' : 'rules.text')}</p>
        {rules.length > 0 && <RuleTable rules={rules} />}
        <p className={page.quiet}>{t('rules.discarded', { count: card.keepDiscardedDays })}</p>
        <p className={page.quiet}>{t('rules.records', { count: card.keepRecordsDays })}</p>
      </Section>
      <Section
        title={t('dryRun.title')}
        actions={
          <>
            {isRunning && <span role="status">{t('apply.running')}</span>}
            <Button size="xs" variant="default" loading={dryRun.isAsking} onClick={dryRun.askAgain}>
              {t('lookAgain')}
            </Button>
            <Button
              size="xs"
              color="var(--wt-critical)"
              variant="outline"
              disabled={!isAnyInForce || isRunning || pages === null || dryRun.isAsking}
              title={isAnyInForce ? undefined : t('apply.noneInForce')}
              onClick={() => setIsApplying(true)}
            >
              {t('apply.button')}
            </Button>
          </>
        }
      >
        <DryRun dryRun={dryRun} />
      </Section>
      {isApplying && pages !== null && <ApplyRules pages={pages} onClose={() => setIsApplying(false)} />}
    </>
  );
}

function RuleTable({ rules }: Pick<RetentionRulesCard, 'rules'>): ReactNode {
  const { t } = useTranslation('storage');
  const columns = ['order', 'rule', 'about', 'olderThan', 'action', 'inForce'] as const;
  return (
    <DataTable label={t('rules.title')} columns={columns.map((one) => t(`column.${one}`))}>
      {rules.map((rule, index) => (
        <tr key={rule.name}>
          <td data-number>{index + 1}</td>
          <td>{rule.name}</td>
          <td>
            {rule.modalities?.join(', ') ?? t('rules.anyModality')} ·{' '}
            {rule.intents?.map((intent) => t(`app:intent.${intent}`)).join(', ') ?? t('rules.anyIntent')}
          </td>
          <td data-number>{t('rules.days', { count: rule.olderThanDays })}</td>
          <td>
            {t(`rules.action.${rule.action}`)}
            {rule.action === 'delete' && (
              <span className={page.facts}>{t(rule.evenUnproven ? 'rules.unproven' : 'rules.proven')}</span>
            )}
          </td>
          <td className={rule.inForceBy === null ? page.quiet : undefined}>
            {rule.action === 'keep'
              ? t('rules.always')
              : rule.inForceBy === null
                ? t('rules.onlyShown')
                : t('rules.inForceBy', { who: rule.inForceBy })}
          </td>
        </tr>
      ))}
    </DataTable>
  );
}
