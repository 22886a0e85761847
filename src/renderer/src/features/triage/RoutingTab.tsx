import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { hoursText } from './hours-text.ts';
import { OverrideList } from './OverrideList.tsx';
import { OwnPresence } from './OwnPresence.tsx';
import { ProposalNotice } from './ProposalNotice.tsx';
import { ReaderLoads } from './ReaderLoads.tsx';
import { RoutingEditor } from './RoutingEditor.tsx';
import { RoutingTried } from './RoutingTried.tsx';
import classes from './triage.module.css';
import { useRouting } from './use-routing.ts';
import { Versions } from './HistoryTab.tsx';

/** For whom studies are: who is here and how the work is shared out, what people set against it, and the signed set behind it. */
export function RoutingTab(): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <Answered
      answer={useRouting()}
      failed={t('routing.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr', '1fr']} rows={8} />}
    >
      {(routing) => <Routing routing={routing} />}
    </Answered>
  );
}

function Routing({ routing }: { readonly routing: RoutingState }): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const [isEditing, setIsEditing] = useState(false);
  const { set, version, versions } = routing;
  const leads = permissions.includes('triage.lead');
  const proposed = versions.find(({ state }) => state === 'proposed');
  // Whoever leads is told everything of it, so what they are shown is a whole set.
  const whole = leads ? RoutingSet.safeParse(proposed?.body ?? set).data : undefined;
  if (isEditing && whole !== undefined)
    return <RoutingEditor set={whole} people={routing.people} onClose={() => setIsEditing(false)} />;
  return (
    <>
      {permissions.includes('study.open') && <OwnPresence said={routing.said} />}
      {proposed !== undefined && (
        <ProposalNotice card={proposed}>
          <p>{t(`routing.mode.${proposed.body.mode}`)}</p>
          <Readers set={proposed.body} people={routing.people} />
          {whole !== undefined && <RoutingTried set={whole} />}
        </ProposalNotice>
      )}
      <ReaderLoads routing={routing} />
      <OverrideList routing={routing} />
      <Section
        title={version === null ? t('routing.title') : t('routing.titleOf', { version })}
        actions={
          leads && (
            <Button size="xs" variant="default" onClick={() => setIsEditing(true)}>
              {t(version === null ? 'routing.begin' : 'routing.change')}
            </Button>
          )
        }
      >
        <p className={page.quiet}>{t('routing.text', { most: routing.most })}</p>
        <p>{t(`routing.mode.${set.mode}`)}</p>
        {version === null ? <p className={page.quiet}>{t('routing.empty')}</p> : <Conditions set={set} />}
        {version !== null && <Readers set={set} people={routing.people} />}
      </Section>
      {versions.length > 0 && (
        <Section title={t('routing.versions')}>
          <Versions cards={versions} label={t('routing.versions')} />
        </Section>
      )}
    </>
  );
}

type SetProps = { readonly set: RoutingState['set']; readonly people: RoutingState['people'] };

function Conditions({ set }: Pick<SetProps, 'set'>): ReactNode {
  const { t } = useTranslation('triage');
  const rows = [
    ...set.groups.map((group) => [t('routing.group'), group] as const),
    ...set.skills.map((skill) => [t('routing.skill'), skill] as const),
  ];
  if (rows.length === 0) return <p className={page.quiet}>{t('routing.noGroups')}</p>;
  return (
    <DataTable label={t('routing.conditions')} columns={[t('column.what'), t('column.name'), t('column.when')]}>
      {rows.map(([what, { id, name, when }]) => (
        <tr key={`${what} ${id}`}>
          <td className={page.quiet}>{what}</td>
          <td>{name}</td>
          <td>
            <pre className={classes.code}>{when}</pre>
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

function Readers({ set, people }: SetProps): ReactNode {
  const { t } = useTranslation('triage');
  const namesOf = (ids: readonly string[], named: readonly { readonly id: string; readonly name: string }[]) =>
    named
      .filter(({ id }) => ids.includes(id))
      .map(({ name }) => name)
      .join(', ') || '–';
  return (
    <DataTable
      label={t('routing.readers')}
      columns={[t('column.reader'), t('routing.groups'), t('routing.skills'), t('routing.shifts'), t('routing.breaks')]}
    >
      {set.readers.map(({ userId, groups, skills, shifts, breaks }) => (
        <tr key={userId}>
          <td>{people.find((person) => person.userId === userId)?.displayName ?? t('routing.noLonger')}</td>
          <td>{namesOf(groups, set.groups)}</td>
          <td>{namesOf(skills, set.skills)}</td>
          <td data-number>{hoursText(shifts) || '–'}</td>
          <td data-number>{hoursText(breaks) || '–'}</td>
        </tr>
      ))}
    </DataTable>
  );
}
