import { Button, MultiSelect, NumberInput, Select } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TriagePolicySet } from '../../../../shared/domain/triage-policy.ts';
import { ceilingOfCategory, SERVICE_LEVELS, URGENCY_LEVELS, urgencyRank } from '../../../../shared/domain/urgency.ts';
import { client } from '../../bridge/client.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { changesOf, pathText, valueText } from './policy-values.ts';
import { SignDialog } from './SignDialog.tsx';
import classes from './triage.module.css';

type Props = { readonly policy: TriagePolicySet; readonly onClose: () => void };
type Target = TriagePolicySet['urgency']['urgent'];

const WEEKDAYS = ['1', '2', '3', '4', '5', '6', '7'] as const;
const FIELDS = ['openMinutes', 'reportMinutes', 'reportWorkingHours'] as const;

/** A policy as it is being changed; what does not hold together is said, and what holds is proposed with a reason. */
export function PolicyForm({ policy, onClose }: Props): ReactNode {
  const { t } = useTranslation('triage');
  const [draft, setDraft] = useState<TriagePolicySet>(policy);
  const [isProposing, setIsProposing] = useState(false);
  const checked = TriagePolicySet.safeParse(draft);
  const changes = changesOf(policy, draft);
  const { urgency, serviceLevels, ceilings, bounds, alertBudget, workingHours } = draft;
  return (
    <>
      <Section
        title={t('policy.change')}
        actions={
          <>
            <Button size="xs" variant="default" onClick={onClose}>
              {t('cancel')}
            </Button>
            <Button size="xs" disabled={!checked.success || changes.length === 0} onClick={() => setIsProposing(true)}>
              {t('propose')}
            </Button>
          </>
        }
      >
        <p className={page.quiet}>{t('policy.changeText')}</p>
        {!checked.success && (
          <p className={page.bad} role="alert">
            {[
              ...new Set(
                checked.error.issues.map(({ message, code }) => (code === 'custom' ? message : 'not-a-value')),
              ),
            ]
              .map((code) => t(`fault.${code}`))
              .join(' ')}
          </p>
        )}
        <div className={classes.targets}>
          <div className={classes.target} aria-hidden>
            <span />
            {FIELDS.map((field) => (
              <span key={field} className={page.facts}>
                {t(`value.target.${field}`)}
              </span>
            ))}
          </div>
          {(['critical', 'urgent'] as const).map((level) => (
            <TargetFields
              key={level}
              name={t('deadlines.class', { name: t(`app:urgency.${level}`) })}
              target={urgency[level]}
              onChange={(target) => setDraft({ ...draft, urgency: { ...urgency, [level]: target } })}
            />
          ))}
          {SERVICE_LEVELS.map((level) => (
            <TargetFields
              key={level}
              name={t('deadlines.level', { name: t(`app:serviceLevel.${level}`) })}
              target={serviceLevels[level]}
              onChange={(target) => setDraft({ ...draft, serviceLevels: { ...serviceLevels, [level]: target } })}
            />
          ))}
        </div>
      </Section>
      <Section title={t('limits.title')}>
        <div className={classes.fields}>
          {([1, 2, 3] as const).map((category) => (
            <Select
              key={category}
              label={t(`value.ceilings.${category}`)}
              allowDeselect={false}
              value={ceilings[category]}
              data={URGENCY_LEVELS.filter(
                (level) => urgencyRank(level) >= urgencyRank(ceilingOfCategory(category)),
              ).map((level) => ({ value: level, label: t(`app:urgency.${level}`) }))}
              onChange={(level) =>
                setDraft({ ...draft, ceilings: { ...ceilings, [category]: level ?? ceilings[category] } })
              }
            />
          ))}
          <NumberInput
            label={t('field.routineShare')}
            suffix=" %"
            min={10}
            max={100}
            value={Math.round(bounds.routineShare * 100)}
            onChange={(share) => setDraft({ ...draft, bounds: { ...bounds, routineShare: Number(share) / 100 } })}
          />
          <NumberInput
            label={t('field.urgentMinutes')}
            min={15}
            max={1440}
            allowDecimal={false}
            value={bounds.urgentMinutes}
            onChange={(urgentMinutes) =>
              setDraft({ ...draft, bounds: { ...bounds, urgentMinutes: Number(urgentMinutes) } })
            }
          />
          <NumberInput
            label={t('field.falseAlarmsADay')}
            min={1}
            max={1000}
            allowDecimal={false}
            value={alertBudget.falseAlarmsADay}
            onChange={(count) => setDraft({ ...draft, alertBudget: { falseAlarmsADay: Number(count) } })}
          />
          <MultiSelect
            label={t('value.workingHours.weekdays')}
            data={WEEKDAYS.map((day) => ({ value: day, label: t(`weekday.${day}`) }))}
            value={workingHours.weekdays.map(String)}
            onChange={(days) => setDraft({ ...draft, workingHours: { ...workingHours, weekdays: days.map(Number) } })}
          />
          {(['fromHour', 'toHour'] as const).map((hour) => (
            <NumberInput
              key={hour}
              label={t(`value.workingHours.${hour}`)}
              min={0}
              max={24}
              allowDecimal={false}
              value={workingHours[hour]}
              onChange={(value) => setDraft({ ...draft, workingHours: { ...workingHours, [hour]: Number(value) } })}
            />
          ))}
        </div>
      </Section>
      {isProposing && (
        <SignDialog
          title={t('propose')}
          text={t('proposal.text')}
          action={t('propose')}
          asks={['reason']}
          act={async ({ reason }) => {
            await client.triage.proposePolicy({ policy: draft, reason });
            onClose();
          }}
          onClose={() => setIsProposing(false)}
        >
          <ul>
            {changes.map(({ path, before, after }) => (
              <li key={path}>
                {pathText(path, t)}: {valueText(path, before, t)} → {valueText(path, after, t)}
              </li>
            ))}
          </ul>
        </SignDialog>
      )}
    </>
  );
}

type TargetProps = { readonly name: string; readonly target: Target; readonly onChange: (target: Target) => void };

function TargetFields({ name, target, onChange }: TargetProps): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <div className={classes.target} role="group" aria-label={name}>
      <span>{name}</span>
      {FIELDS.map((field) => (
        <NumberInput
          key={field}
          size="xs"
          aria-label={t(`value.target.${field}`)}
          placeholder={t('notPromised')}
          min={1}
          allowDecimal={false}
          value={target[field] ?? ''}
          onChange={(value) => {
            const { [field]: _before, ...others } = target;
            onChange(value === '' ? others : { ...others, [field]: Number(value) });
          }}
        />
      ))}
    </div>
  );
}
