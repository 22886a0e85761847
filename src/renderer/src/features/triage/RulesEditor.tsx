import { ActionIcon, Button, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  LONGEST_EXPRESSION,
  type RuleFault,
  TriageRules,
  type TriageRule,
} from '../../../../shared/domain/triage-rule.ts';
import { client } from '../../bridge/client.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { RulesTried } from './RulesTried.tsx';
import { SignDialog } from './SignDialog.tsx';
import classes from './triage.module.css';
import { useRuleFaults } from './use-triage.ts';
import { VariableList } from './VariableList.tsx';

type Props = { readonly rules: TriageRules; readonly onClose: () => void };

const CHECK_AFTER_MS = 300;

/** The rules as they are being changed: each checked as it is written, all tried against real studies, then proposed with a reason. */
export function RulesEditor({ rules, onClose }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const [draft, setDraft] = useState<TriageRules>(rules);
  const [settled] = useDebouncedValue(draft, CHECK_AFTER_MS);
  const faults = useRuleFaults(settled.map(({ when }) => when));
  const [tried, setTried] = useState<TriageRules | null>(null);
  const [isProposing, setIsProposing] = useState(false);
  const isWhole = TriageRules.safeParse(draft).success && draft.every(({ when }) => faults.get(when) === null);
  const change = (id: string, rule: TriageRule) => setDraft(draft.map((one) => (one.id === id ? rule : one)));
  return (
    <>
      <Section
        title={t('rules.change')}
        actions={
          <>
            <Button size="xs" variant="default" onClick={onClose}>
              {t('cancel')}
            </Button>
            <Button size="xs" variant="default" disabled={!isWhole} onClick={() => setTried(draft)}>
              {t('tried.action')}
            </Button>
            <Button size="xs" disabled={!isWhole} onClick={() => setIsProposing(true)}>
              {t('propose')}
            </Button>
          </>
        }
      >
        {draft.map((rule) => (
          <RuleFields
            key={rule.id}
            rule={rule}
            onChange={(next) => change(rule.id, next)}
            fault={faults.get(rule.when)}
            onRemove={() => setDraft(draft.filter(({ id }) => id !== rule.id))}
          />
        ))}
        <div className={page.actions}>
          <Button size="xs" variant="default" onClick={() => setDraft([...draft, aNewRule(draft)])}>
            {t('rules.add')}
          </Button>
        </div>
        {tried !== null && <RulesTried rules={tried} />}
      </Section>
      <VariableList />
      {isProposing && (
        <SignDialog
          title={t('propose')}
          text={t('proposal.text')}
          action={t('propose')}
          asks={['reason']}
          act={async ({ reason }) => {
            await client.triage.proposeRules({ rules: draft, reason });
            onClose();
          }}
          onClose={() => setIsProposing(false)}
        />
      )}
    </>
  );
}

/** A rule's id stays with it through its versions, and its name may change. */
function aNewRule(rules: TriageRules): TriageRule {
  const taken = new Set(rules.map(({ id }) => id));
  let number = rules.length + 1;
  while (taken.has(`rule-${number}`)) number += 1;
  return { id: `rule-${number}`, name: '', when: '', raisesTo: 'urgent', isOn: true };
}

type FieldsProps = {
  readonly rule: TriageRule;
  readonly onChange: (rule: TriageRule) => void;
  /** Null: it is a rule. Undefined: nobody said yet. */
  readonly fault: RuleFault | null | undefined;
  readonly onRemove: () => void;
};

function RuleFields({ rule, fault, onChange, onRemove }: FieldsProps): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <fieldset className={classes.rule} aria-label={rule.name || t('rules.unnamed')}>
      <div className={classes.ruleHead}>
        <TextInput
          className={classes.grows ?? ''}
          label={t('column.rule')}
          value={rule.name}
          maxLength={80}
          onChange={({ currentTarget }) => onChange({ ...rule, name: currentTarget.value })}
        />
        <Select
          label={t('column.raisesTo')}
          allowDeselect={false}
          data={(['critical', 'urgent'] as const).map((level) => ({ value: level, label: t(`app:urgency.${level}`) }))}
          value={rule.raisesTo}
          onChange={(level) => onChange({ ...rule, raisesTo: level === 'critical' ? 'critical' : 'urgent' })}
        />
        <Switch
          label={t('column.isOn')}
          checked={rule.isOn}
          mb={8}
          onChange={({ currentTarget }) => onChange({ ...rule, isOn: currentTarget.checked })}
        />
        <ActionIcon variant="subtle" color="gray" mb={4} aria-label={t('rules.remove')} onClick={onRemove}>
          <IconTrash size={16} />
        </ActionIcon>
      </div>
      <Textarea
        label={t('column.when')}
        description={t('rules.whenText')}
        value={rule.when}
        maxLength={LONGEST_EXPRESSION}
        autosize
        minRows={2}
        spellCheck={false}
        classNames={{ input: classes.code ?? '' }}
        onChange={({ currentTarget }) => onChange({ ...rule, when: currentTarget.value })}
      />
      {fault === null && <p className={page.facts}>{t('rules.valid')}</p>}
      {fault !== null && fault !== undefined && (
        <div role="alert">
          <p className={page.bad}>{t(`ruleFault.${fault.code}`, { message: fault.message, at: fault.start + 1 })}</p>
          <pre className={classes.code}>
            {rule.when.slice(0, fault.start)}
            <mark className={classes.fault}>{rule.when.slice(fault.start, fault.end)}</mark>
            {rule.when.slice(fault.end)}
          </pre>
        </div>
      )}
    </fieldset>
  );
}
