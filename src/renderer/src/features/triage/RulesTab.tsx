import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriageState } from '../../../../shared/contract/triage.ts';
import type { TriageRules } from '../../../../shared/domain/triage-rule.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { ProposalNotice } from './ProposalNotice.tsx';
import { RulesEditor } from './RulesEditor.tsx';
import { RulesTried } from './RulesTried.tsx';
import classes from './triage.module.css';
import { VariableList } from './VariableList.tsx';

/** The rules in force, those that are proposed, and the way to change them. */
export function RulesTab({ triage }: { readonly triage: TriageState }): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const [isEditing, setIsEditing] = useState(false);
  const { rules, ruleSets, failures } = triage;
  const proposed = ruleSets.find(({ state }) => state === 'proposed');
  const version = ruleSets.find(({ state }) => state === 'current')?.version ?? null;
  if (isEditing) return <RulesEditor rules={proposed?.body ?? rules} onClose={() => setIsEditing(false)} />;
  return (
    <>
      {proposed !== undefined && (
        <ProposalNotice card={proposed}>
          {proposed.body.length === 0 ? (
            <p className={page.quiet}>{t('rules.none')}</p>
          ) : (
            <RuleTable rules={proposed.body} />
          )}
          <RulesTried rules={proposed.body} />
        </ProposalNotice>
      )}
      <Section
        title={version === null ? t('rules.title') : t('rules.titleOf', { version })}
        actions={
          permissions.includes('triage.propose') && (
            <Button size="xs" variant="default" onClick={() => setIsEditing(true)}>
              {t(rules.length === 0 ? 'rules.begin' : 'rules.change')}
            </Button>
          )
        }
      >
        <p className={page.quiet}>{t('rules.text')}</p>
        {rules.length === 0 ? <p className={page.quiet}>{t('rules.empty')}</p> : <RuleTable rules={rules} />}
        {failures.length > 0 && (
          <>
            <p className={page.warn}>{t('rules.failuresText')}</p>
            <DataTable
              label={t('rules.failures')}
              columns={[t('column.rule'), t('column.valueMissing'), t('column.failed'), t('column.last')]}
            >
              {failures.map(({ ruleId, valueMissing, failed, lastAtMs }) => (
                <tr key={ruleId}>
                  <td>{rules.find(({ id }) => id === ruleId)?.name ?? ruleId}</td>
                  <td data-number>{valueMissing}</td>
                  <td data-number>{failed}</td>
                  <td data-number>{formatMoment(lastAtMs)}</td>
                </tr>
              ))}
            </DataTable>
          </>
        )}
      </Section>
      <VariableList />
    </>
  );
}

function RuleTable({ rules }: { readonly rules: TriageRules }): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <DataTable
      label={t('rules.title')}
      columns={[t('column.rule'), t('column.when'), t('column.raisesTo'), t('column.isOn')]}
    >
      {rules.map(({ id, name, when, raisesTo, isOn }) => (
        <tr key={id}>
          <td>{name}</td>
          <td>
            <pre className={classes.code}>{when}</pre>
          </td>
          <td>{t('rules.atMost', { level: t(`app:urgency.${raisesTo}`) })}</td>
          <td className={isOn ? undefined : page.quiet}>{t(isOn ? 'rules.on' : 'rules.off')}</td>
        </tr>
      ))}
    </DataTable>
  );
}
