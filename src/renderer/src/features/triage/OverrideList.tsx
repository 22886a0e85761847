import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { TAKEN_REASON } from '../../../../shared/domain/triage-routing.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatMoment } from '../../ui/duration.ts';
import { RefusalText } from '../../ui/RefusalText.tsx';
import { Section } from '../../ui/Section.tsx';

/** What people set against routing that has not ended, with why and until when, and the way to end it before. */
export function OverrideList({ routing: { overrides } }: { readonly routing: RoutingState }): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const cache = useQueryClient();
  const ending = useMutation({
    mutationFn: (overrideId: string) => client.routing.endOverride({ overrideId }),
    onSuccess: () => cache.invalidateQueries({ queryKey: station.routing.key() }),
  });
  if (overrides.length === 0) return null;
  const columns = ['what', 'reader', 'why', 'setBy', 'until', 'actions'] as const;
  return (
    <Section title={t('overrides.title')}>
      <DataTable label={t('overrides.title')} columns={columns.map((column) => t(`column.${column}`))}>
        {overrides.map(({ overrideId, studyId, reader, reason, by, untilMs }) => (
          <tr key={overrideId}>
            <td>
              {studyId === null ? (
                t('overrides.out')
              ) : (
                <Link to="/triage/studies/$studyId" params={{ studyId }}>
                  {t('studyEnd', { end: studyId.slice(-6) })}
                </Link>
              )}
            </td>
            <td>{reader.displayName}</td>
            <td>{reason === TAKEN_REASON ? t('overrides.taken') : reason}</td>
            <td>{by.displayName}</td>
            <td data-number>{formatMoment(untilMs)}</td>
            <td>
              {permissions.includes('routing.override') && (
                <Button
                  size="compact-sm"
                  variant="default"
                  loading={ending.isPending && ending.variables === overrideId}
                  onClick={() => ending.mutate(overrideId)}
                >
                  {t('overrides.end')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </DataTable>
      <RefusalText failure={ending.isError ? failureOf(ending.error) : null} t={t} />
    </Section>
  );
}
