import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriageState } from '../../../../shared/contract/triage.ts';
import type { TriagePolicySet } from '../../../../shared/domain/triage-policy.ts';
import { SERVICE_LEVELS } from '../../../../shared/domain/urgency.ts';
import { client } from '../../bridge/client.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatSpan } from '../../ui/duration.ts';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { PolicyForm } from './PolicyForm.tsx';
import { changesOf, pathText, valueText } from './policy-values.ts';
import { ProposalNotice } from './ProposalNotice.tsx';
import { SignDialog } from './SignDialog.tsx';

const MINUTE_MS = 60_000;

/** The policy in force: deadlines, ceilings, bounds and budget; what is proposed in its place; and the way to change it. */
export function PolicyTab({ triage }: { readonly triage: TriageState }): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const [isEditing, setIsEditing] = useState(false);
  const [isSigning, setIsSigning] = useState(false);
  const { policy, isSigned, policies } = triage;
  const proposed = policies.find(({ state }) => state === 'proposed');
  const leads = permissions.includes('triage.lead');
  if (isEditing) return <PolicyForm policy={policy} onClose={() => setIsEditing(false)} />;
  return (
    <>
      {!isSigned && (
        <div className={page.warn} role="status">
          <p>{t('unsigned.text')}</p>
          {leads && proposed === undefined && (
            <Button size="xs" onClick={() => setIsSigning(true)}>
              {t('unsigned.action')}
            </Button>
          )}
        </div>
      )}
      {proposed !== undefined && (
        <ProposalNotice card={proposed}>
          <DataTable label={t('proposal.changes')} columns={[t('column.value'), t('column.now'), t('column.then')]}>
            {changesOf(policy, proposed.body).map(({ path, before, after }) => (
              <tr key={path}>
                <td>{pathText(path, t)}</td>
                <td data-number>{valueText(path, before, t)}</td>
                <td data-number>{valueText(path, after, t)}</td>
              </tr>
            ))}
          </DataTable>
        </ProposalNotice>
      )}
      <Section
        title={t('deadlines.title')}
        actions={
          permissions.includes('triage.propose') && (
            <Button size="xs" variant="default" onClick={() => setIsEditing(true)}>
              {t('policy.change')}
            </Button>
          )
        }
      >
        <p className={page.quiet}>{t('deadlines.text')}</p>
        <Deadlines policy={policy} />
      </Section>
      <Section title={t('limits.title')}>
        <Limits policy={policy} />
      </Section>
      {isSigning && (
        <SignDialog
          title={t('unsigned.action')}
          text={t('unsigned.signText')}
          action={t('proposal.sign')}
          asks={['password']}
          act={async ({ password }) => {
            const { version } = await client.triage.proposePolicy({ policy, reason: t('unsigned.reason') });
            await client.triage.sign({ kind: 'policy', version, password });
          }}
          onClose={() => setIsSigning(false)}
        />
      )}
    </>
  );
}

function Deadlines({ policy }: { readonly policy: TriagePolicySet }): ReactNode {
  const { t } = useTranslation('triage');
  const rows = [
    ...(['critical', 'urgent'] as const).map((level) => [t(`app:urgency.${level}`), policy.urgency[level]] as const),
    ...SERVICE_LEVELS.map((level) => [t(`app:serviceLevel.${level}`), policy.serviceLevels[level]] as const),
  ];
  return (
    <DataTable label={t('deadlines.title')} columns={[t('column.of'), t('column.openBy'), t('column.reportBy')]}>
      {rows.map(([name, { openMinutes, reportMinutes, reportWorkingHours }], index) => (
        <tr key={`${index} ${name}`}>
          <td>{index < 2 ? t('deadlines.class', { name }) : t('deadlines.level', { name })}</td>
          <td data-number>{openMinutes === undefined ? t('notPromised') : formatSpan(openMinutes * MINUTE_MS)}</td>
          <td data-number>
            {[
              ...(reportMinutes === undefined ? [] : [formatSpan(reportMinutes * MINUTE_MS)]),
              ...(reportWorkingHours === undefined ? [] : [t('workingHours', { count: reportWorkingHours })]),
            ].join(', ') || t('notPromised')}
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

function Limits({ policy }: { readonly policy: TriagePolicySet }): ReactNode {
  const { t } = useTranslation('triage');
  const { workingHours, ceilings, bounds, alertBudget } = policy;
  return (
    <Facts
      facts={[
        [
          t('value.workingHours.title'),
          t('limits.workingHours', {
            days: valueText('workingHours.weekdays', workingHours.weekdays.join(' '), t),
            from: workingHours.fromHour,
            to: workingHours.toHour,
          }),
        ],
        ...([1, 2, 3] as const).map((category): readonly [string, ReactNode] => [
          t(`value.ceilings.${category}`),
          t(ceilings[category] === 'routine' ? 'limits.noRaise' : 'limits.ceiling', {
            level: t(`app:urgency.${ceilings[category]}`),
          }),
        ]),
        [t('value.bounds.routineShare'), t('limits.routineShare', { share: Math.round(bounds.routineShare * 100) })],
        [t('value.bounds.urgentMinutes'), t('limits.urgentMinutes', { count: bounds.urgentMinutes })],
        [t('value.alertBudget.falseAlarmsADay'), t('limits.budget', { count: alertBudget.falseAlarmsADay })],
      ]}
    />
  );
}
