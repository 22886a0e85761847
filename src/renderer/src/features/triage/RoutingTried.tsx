import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingPreview } from '../../../../shared/contract/routing.ts';
import type { RoutingSet } from '../../../../shared/domain/triage-routing.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { station } from '../../bridge/queries.ts';
import { Answered } from '../../ui/Answered.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';

/** What a set would make of what waits now, with the readers who are here now; each look at it stands on record. */
export function RoutingTried({ set }: { readonly set: RoutingSet }): ReactNode {
  const { t } = useTranslation('triage');
  const answer: Answer<RoutingPreview> = answerOf(
    useQuery({
      ...station.routing.preview.queryOptions({ input: { set } }),
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
    }),
  );
  return (
    <Answered
      answer={answer}
      failed={t('routingTried.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr', '1fr']} rows={4} />}
    >
      {({ studies, changes, readers, groups, changed }) => (
        <>
          <p role="status">{t('routingTried.text', { count: studies, changes })}</p>
          <DataTable
            label={t('routingTried.readers')}
            columns={[t('column.reader'), t('column.now'), t('column.points')]}
          >
            {readers.map(({ userId, displayName, isHere, points }) => (
              <tr key={userId}>
                <td>{displayName}</td>
                <td>{t(isHere ? 'readerState.here' : 'routingTried.away')}</td>
                <td data-number>{points}</td>
              </tr>
            ))}
          </DataTable>
          {groups
            .filter((group) => group.studies > 0)
            .map(({ groupId, offered, ...group }) => (
              <p key={groupId ?? ''} className={page.facts}>
                {t('routingTried.group', {
                  count: group.studies,
                  offered,
                  group: set.groups.find(({ id }) => id === groupId)?.name ?? t('routingTried.noGroup'),
                })}
              </p>
            ))}
          {changed.length > 0 && (
            <DataTable
              label={t('routingTried.changed')}
              columns={[t('column.study'), t('column.class'), t('column.now'), t('column.then')]}
            >
              {changed.map(({ studyId, description, modality, level, before, after }) => (
                <tr key={studyId}>
                  <td>{description ?? modality}</td>
                  <td>{t(`app:urgency.${level}`)}</td>
                  <td>{before ?? t('routingTried.all')}</td>
                  <td>{after ?? t('routingTried.all')}</td>
                </tr>
              ))}
            </DataTable>
          )}
        </>
      )}
    </Answered>
  );
}
