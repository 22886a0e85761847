import { Button } from '@mantine/core';
import type { TFunction } from 'i18next';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingState } from '../../../../shared/contract/routing.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { DataTable } from '../../ui/DataTable.tsx';
import { formatTimeOfDay } from '../../ui/duration.ts';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { TakeOutDialog } from './TakeOutDialog.tsx';

type Reader = RoutingState['readers'][number];

/** Who is here now and what waits for each, in points; minutes and speed only of oneself and for the medical lead. */
export function ReaderLoads({ routing }: { readonly routing: RoutingState }): ReactNode {
  const { t } = useTranslation('triage');
  const { permissions } = useCurrentUser();
  const [taking, setTaking] = useState<Reader | null>(null);
  const { readers, offered, set, leastMeasured } = routing;
  const columns = ['reader', 'now', 'studies', 'points', 'minutes', 'speed', 'actions'] as const;
  return (
    <Section title={t('loads.title')}>
      {readers.length === 0 ? (
        <p className={page.quiet}>{t('loads.empty')}</p>
      ) : (
        <DataTable label={t('loads.title')} columns={columns.map((column) => t(`column.${column}`))}>
          {readers.map((reader) => (
            <tr key={reader.userId}>
              <td>{reader.displayName}</td>
              <td className={reader.state === 'here' ? undefined : page.quiet}>
                {t(`readerState.${reader.state}`)}
                {reader.untilMs !== null && (
                  <span className={page.facts}>{t('loads.until', { until: formatTimeOfDay(reader.untilMs) })}</span>
                )}
              </td>
              <td data-number>{reader.studies}</td>
              <td data-number>{reader.points}</td>
              <td data-number>{reader.minutes ?? '–'}</td>
              <td data-number>{speedText(reader, t)}</td>
              <td>
                {reader.isMember && reader.state !== 'taken-out' && permissions.includes('routing.override') && (
                  <Button size="compact-sm" variant="default" onClick={() => setTaking(reader)}>
                    {t('loads.takeOut')}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </DataTable>
      )}
      {offered.map(({ groupId, studies }) => (
        <p key={groupId ?? ''} className={page.facts}>
          {t(groupId === null ? 'loads.anyone' : 'loads.offered', {
            count: studies,
            group: set.groups.find(({ id }) => id === groupId)?.name ?? groupId,
          })}
        </p>
      ))}
      <p className={page.quiet}>{t('loads.text', { least: leastMeasured })}</p>
      {taking !== null && <TakeOutDialog reader={taking} onClose={() => setTaking(null)} />}
    </Section>
  );
}

function speedText({ speed }: Reader, t: TFunction<'triage'>): string {
  if (speed === null) return '–';
  const { minutesPerPoint, studies } = speed;
  return studies === null
    ? t('loads.starting', { minutes: minutesPerPoint })
    : t('loads.measured', { minutes: minutesPerPoint, count: studies });
}
